import Foundation
import Hardware
import PC
import Testing

/// The rules that keep saved states whole, checked on the machine and on the sources.
@Suite struct StateRulesTests {
  /// - Source: Sources/README.md, "Saved state": whatever changes lives in `state`.
  @Test func everyStoredPropertyOfAnAttachedDeviceIsStateOrWiring() throws {
    let folder = try TemporaryFolder()
    var configuration = MachineConfiguration()
    configuration.disk.hda = HostPath(path: try folder.hardDisk(megabytes: 1))
    let machine = try Machine(configuration)
    #expect(machine.board.backplane.devices.count > 10)
    for device in machine.board.backplane.devices {
      for child in Mirror(reflecting: device).children where child.label != "state" {
        let isWiring = child.value is any Wiring || (child.value as? [any Wiring]) != nil
        #expect(isWiring, "\(type(of: device)).\(child.label ?? "?") is neither `state` nor Wiring")
      }
    }
  }

  /// Swift files below `folder` of the source tree, with their text.
  private func sources(_ folder: String) throws -> [(path: String, text: String)] {
    let base = Places.root.appending(path: folder)
    let files = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
    return try files.filter { $0.hasSuffix(".swift") }.sorted().map { file in
      ("\(folder)/\(file)", try String(contentsOf: base.appending(path: file), encoding: .utf8))
    }
  }

  @Test func noStateListsItsFieldsByHand() throws {
    // The containers that stand between a State and its bytes; they have no fields that could be forgotten.
    let containers = ["Sources/Hardware/Bank.swift"]
    let codec = "Sources/Hardware/SavedState/"
    let files = try sources("Sources")
    #expect(files.count > 100)
    for (path, text) in files where !containers.contains(path) && !path.hasPrefix(codec) {
      for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        let code = line.split(separator: "//", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
        for forbidden in ["CodingKeys", "func encode(to", "init(from decoder"] where code.contains(forbidden) {
          Issue.record("\(path):\(number + 1): \(forbidden) by hand: a field that is added later would be forgotten")
        }
      }
    }
  }

  @Test func nothingBelowTheFrontEndLooksAtTheHostsClockOrRollsDice() throws {
    let forbidden = [
      "import Foundation", "clock_gettime", "gettimeofday", "Date()", "ContinuousClock", "SuspendingClock",
      "arc4random",
      "SystemRandomNumberGenerator", ".random(", ".shuffled()", ".randomElement()", "hashValue", "Thread", "async ",
    ]
    for folder in ["Sources/Hardware", "Sources/Processor", "Sources/Storage", "Sources/Devices", "Sources/PC/Board"] {
      for (path, text) in try sources(folder) {
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
          let code = line.split(separator: "//", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
          for word in forbidden where code.contains(word) { Issue.record("\(path):\(number + 1): \(word)") }
        }
      }
    }
  }
}
