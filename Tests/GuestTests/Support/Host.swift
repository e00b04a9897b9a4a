import Foundation

/// Where things are on the host.
enum Places {
  /// The top of the source tree.
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  /// The guest programs.
  static let programs = root.appending(path: "Tests/GuestTests/Programs")
  /// Pictures that were looked at.
  static let golden = root.appending(path: "Tests/GuestTests/Golden")
  /// States saved by earlier versions.
  static let oldStates = root.appending(path: "Tests/Fixtures/States")
  /// Disks that other people made, beside the source tree; not everybody has them.
  static let media = root.deletingLastPathComponent().appending(path: "shared/media")

  /// The file `name` of the optional disks, nil if it isn't there.
  static func medium(_ name: String) -> URL? {
    let url = media.appending(path: name)
    return FileManager.default.fileExists(atPath: url.path) ? url : nil
  }
}

/// A folder that goes away with this object.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "heirloom-guest-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// The path of `name` in this folder.
  func path(_ name: String) -> String { url.appending(path: name).path }

  /// A copy of `source` in this folder, writable.
  func copy(of source: URL, as name: String? = nil) throws -> String {
    let path = path(name ?? source.lastPathComponent)
    try Data(contentsOf: source).write(to: URL(filePath: path))
    return path
  }

  /// A new image of a hard disk in this folder: `start`, then zeros.
  func hardDisk(megabytes: Int, beginning start: [UInt8] = [], as name: String = "disk.img") throws -> String {
    let path = path(name)
    try Data(start).write(to: URL(filePath: path))
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    try file.truncate(atOffset: UInt64(megabytes) << 20)
    try file.close()
    return path
  }
}

/// A program of the host that some tests need.
enum HostTool: String {
  case nasm, python3, mcopy, mdir, mformat, sh

  /// Where it is, nil if it isn't installed.
  var path: String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
    return folders.map { "\($0)/\(rawValue)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Whether it is installed.
  var isThere: Bool { path != nil }

  /// Runs it and returns what it printed.
  ///
  /// - Throws: `HostToolError` with what it complained about if it fails.
  @discardableResult
  func run(_ arguments: [String], in folder: URL = Places.root) throws -> String {
    guard let path else { throw HostToolError(description: "\(rawValue) is not installed") }
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(["MTOOLS_SKIP_CHECK": "1"]) { _, new in new }
    let pipe = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw HostToolError(
        description: "\(rawValue) \(arguments.joined(separator: " ")): status \(process.terminationStatus)\n\(output)")
    }
    return output
  }
}

/// What a host's program complained about.
struct HostToolError: Error, CustomStringConvertible {
  var description: String
}
