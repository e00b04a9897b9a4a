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
  products: [.executable(name: "heirloom", targets: ["heirloom"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
  ],
  targets: [
    .target(name: "Hardware", swiftSettings: hot),
    .target(name: "CTiming", exclude: ["i386.csv", "i486.csv"]),
    .target(name: "Processor", dependencies: ["Hardware", "CTiming"], swiftSettings: hot),
    .target(name: "Storage", dependencies: ["Hardware", "Compression"], swiftSettings: hot),
    .target(name: "Devices", dependencies: ["Hardware", "Storage"], swiftSettings: hot),
    .target(name: "CFirmware"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "Compression", dependencies: ["CZlib"], swiftSettings: strict),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .target(
      name: "PC",
      dependencies: [
        "Hardware", "Processor", "Storage", "Devices", "CFirmware", "CPNG", "CZlib",
        .product(name: "Crypto", package: "swift-crypto"), .product(name: "TOMLKit", package: "TOMLKit"),
      ],
      swiftSettings: hot),
    .target(name: "CSandbox"),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .target(
      name: "Archive",
      dependencies: [
        "PC", "Storage", "Devices", "Processor", "Hardware", "CSandbox", "CZstd",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      exclude: ["README.md"],
      swiftSettings: strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .systemLibrary(name: "CSDL2", providers: [.apt(["libsdl2-dev"])]),
    .target(
      name: "Desktop", dependencies: ["PC", "Archive", "Storage", "Devices", "Processor", "Hardware", "CSDL2"],
      swiftSettings: strict),
    .executableTarget(
      name: "heirloom",
      dependencies: [
        "PC", "Archive", "Desktop", "Processor", "Devices", "Storage", "Hardware", "Compression",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .testTarget(name: "HardwareTests", dependencies: ["Hardware"], swiftSettings: strict),
    .testTarget(
      name: "ProcessorTests", dependencies: ["Processor", "Hardware", "Compression"],
      exclude: ["Timing/Programs"], resources: [.copy("Vectors")],
      swiftSettings: strict),
    .testTarget(name: "StorageTests", dependencies: ["Storage", "Hardware"], swiftSettings: strict),
    .testTarget(name: "DevicesTests", dependencies: ["Devices", "Storage", "Hardware"], swiftSettings: strict),
    .testTarget(
      name: "PCTests", dependencies: ["PC", "Devices", "Processor", "Hardware", "CFirmware"], swiftSettings: strict),
    .testTarget(
      name: "GuestTests",
      dependencies: [
        "Archive", "PC", "Storage", "Devices", "Processor", "Hardware", "Compression", "CFirmware", "CPNG",
      ],
      exclude: ["Programs", "Golden"], swiftSettings: strict),
    .testTarget(
      name: "ArchiveTests",
      dependencies: [
        "Archive", "PC", "Devices", "Storage", "Processor", "Hardware", "Compression",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "DesktopTests",
      dependencies: ["Desktop", "Archive", "PC", "Processor", "Storage", "Devices", "Hardware", "CSDL2"],
      swiftSettings: strict),
    .testTarget(
      name: "CommandLineTests", dependencies: ["heirloom", "Archive", "PC", "Devices", "Storage"],
      exclude: ["Programs"],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
