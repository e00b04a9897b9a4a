import Foundation
import Hardware
import PC
import Storage

@testable import Archive

/// A folder that goes away with this object.
final class Folder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "heirloom-archive-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appending(path: name).path }

  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: URL(filePath: path(name)))
    return path(name)
  }

  /// A new machine file: 1 MB of memory, and an empty disk of `disk` bytes.
  func machine(_ name: String = "old.heirloom", disk: Int? = 4 << 20, floppy: String? = nil) throws -> String {
    var configuration = MachineConfiguration()
    configuration.memory.size = MemorySize(megabytes: 1)
    configuration.floppy.driveB = .none
    configuration.floppy.a = HostPath(path: floppy)
    var creation = MachineFile.Creation(name: "old", configuration: configuration)
    creation.diskSize = disk
    let path = path(name)
    try MachineFile.create(path, creation)
    return path
  }
}

/// Bytes that don't pack well and differ for each seed.
func noise(_ count: Int, seed: UInt64) -> [UInt8] {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  return (0..<count).map { _ in
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return UInt8(truncatingIfNeeded: state >> 32)
  }
}
