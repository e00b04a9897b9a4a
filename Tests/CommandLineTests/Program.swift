import Foundation
import Testing

/// The built program, run as a user runs it.
struct Program {
  var output: String
  var errors: String
  var status: Int32

  /// The directory of test binaries, where the program is too.
  static var directory: URL {
    URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
  }

  private static let setpriv = URL(fileURLWithPath: "/usr/bin/setpriv")
  private static let asNobody = ["--reuid=65534", "--regid=65534", "--clear-groups"]

  /// Whether `unprivileged` is possible: we aren't root, or nobody reaches the program and our temporary files.
  static var canRunUnprivileged: Bool {
    guard getuid() == 0 else { return true }
    let process = Process()
    process.executableURL = setpriv
    process.arguments =
      asNobody + ["test", "-x", directory.appendingPathComponent("heirloom").path, "-a", "-x", NSTemporaryDirectory()]
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  /// Runs `heirloom` with `arguments` and waits for its end.
  static func run(_ arguments: String..., input: String = "", directory: URL? = nil) throws -> Program {
    try run(arguments, input: input, directory: directory)
  }

  /// With `unprivileged`, root runs it as the user nobody.
  static func run(
    _ arguments: [String], input: String = "", directory: URL? = nil, unprivileged: Bool = false
  ) throws -> Program {
    let process = Process()
    let program = Program.directory.appendingPathComponent("heirloom")
    process.executableURL = unprivileged && getuid() == 0 ? setpriv : program
    process.arguments = unprivileged && getuid() == 0 ? asNobody + [program.path] + arguments : arguments
    process.currentDirectoryURL = directory
    var environment = ProcessInfo.processInfo.environment
    for name in ["DISPLAY", "WAYLAND_DISPLAY"] { environment[name] = nil }
    process.environment = environment
    let scratch = try Scratch()
    let files = try ["in", "out", "err"].map { name in
      let file = scratch.path(name)
      try (name == "in" ? input : "").write(toFile: file, atomically: false, encoding: .utf8)
      return try FileHandle(forUpdating: URL(fileURLWithPath: file))
    }
    process.standardInput = files[0]
    process.standardOutput = files[1]
    process.standardError = files[2]
    try process.run()
    process.waitUntilExit()
    return Program(
      output: try String(contentsOfFile: scratch.path("out"), encoding: .utf8),
      errors: try String(contentsOfFile: scratch.path("err"), encoding: .utf8),
      status: process.terminationStatus)
  }
}

/// A directory that is gone when the last one lets go.
final class Scratch {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("heirloom-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// A new file of these bytes.
  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: url.appendingPathComponent(name))
    return path(name)
  }

  /// A new floppy image that starts `Programs/NAME.asm`; `options` are the assembler's.
  func bootFloppy(_ name: String, _ options: [String] = []) throws -> String {
    let programs = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Programs/")
    let sector = path("\(name).bin")
    let source = programs.appendingPathComponent("\(name).asm").path
    let assembled = try OtherTool.run(
      "nasm", options + ["-f", "bin", "-w+error", "-I", programs.path + "/", "-o", sector, source])
    try #require(assembled.status == 0, "\(assembled.output)")
    let code = [UInt8](try Data(contentsOf: URL(fileURLWithPath: sector)))
    return try file("\(name).img", code + [UInt8](repeating: 0, count: 1_474_560 - code.count))
  }
}
