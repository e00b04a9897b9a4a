// swift-tools-version: 6.2
import PackageDescription

/// Settings of every target: the language rules the compiler holds for us.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Targets on the emulation path. They are optimised in debug builds too, so that plain `swift test` is quick.
/// Exclusivity checks cost class-held state a factor of five (Sources/README.md, "Workarounds").
let hot: [SwiftSetting] =
  strict + [
    .unsafeFlags(["-enforce-exclusivity=unchecked"]),
    .unsafeFlags(["-O"], .when(configuration: .debug)),
  ]

let package = Package(
  name: "heirloom",
  targets: [
    .target(name: "Hardware", swiftSettings: hot),
    .target(name: "Processor", dependencies: ["Hardware"], swiftSettings: hot),
    .target(name: "Storage", dependencies: ["Hardware"], swiftSettings: hot),
    .target(name: "Devices", dependencies: ["Hardware", "Storage"], swiftSettings: hot),
    .target(name: "PC", dependencies: ["Hardware", "Processor", "Storage", "Devices"], swiftSettings: hot),
    .testTarget(name: "HardwareTests", dependencies: ["Hardware"], swiftSettings: strict),
    .testTarget(name: "ProcessorTests", dependencies: ["Processor", "Hardware"], swiftSettings: strict),
    .testTarget(name: "StorageTests", dependencies: ["Storage", "Hardware"], swiftSettings: strict),
    .testTarget(name: "DevicesTests", dependencies: ["Devices", "Storage", "Hardware"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
