import ArgumentParser
import Glibc
import PC

/// One line on standard error, and the exit status that goes with it.
enum ErrorReport {
  /// Ends the program as `error` says. Requests for help are answered on standard output with status 0.
  static func end(with error: any Error) -> Never {
    if let error = error as? HostError {
      complain(error.description)
      exit(error.kind.rawValue)
    }
    if let code = error as? ExitCode { exit(code.rawValue) }
    let code = Heirloom.exitCode(for: error)
    if code == .success {
      print(Heirloom.fullMessage(for: error))
      exit(0)
    }
    if code == .validationFailure {
      // The library's long form ends with: See 'heirloom image create --help' for more information.
      let help = Heirloom.fullMessage(for: error).split(separator: "'").last { $0.hasSuffix(" --help") }
      complain(Heirloom.message(for: error) + "; `\(help ?? "heirloom --help")` shows what there is")
      exit(HostError.Kind.usage.rawValue)
    }
    complain("\(error)")
    exit(HostError.Kind.file.rawValue)
  }

  /// Writes one line to standard error.
  static func complain(_ text: String) {
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    let bytes = Array("heirloom: \(line)\n".utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }
}
