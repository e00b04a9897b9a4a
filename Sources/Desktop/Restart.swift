import Glibc
public import PC

/// Starting a machine again with other parts. A new process does it: a sandboxed one can't get rights back.
public enum Restart {
  /// Set by a process that starts this one again when it asks for it.
  static let variable = "HEIRLOOM_LAUNCHER"
  private static let mark = "heirloom-restart\t"

  /// Whether it can be done by a process that has (`sealed`) given up the right to start programs.
  static func isPossible(sealed: Bool) -> Bool { !sealed || getenv(variable) != nil }

  /// Starts this program again in place of this process, with the same arguments and `flags` behind them; or has the
  /// library do it.
  ///
  /// - Throws: `HostError.usage` if neither can be done. Doesn't return otherwise.
  public static func perform(_ flags: [String]) throws(HostError) {
    if getenv(variable) != nil {
      let line = Array((mark + flags.joined(separator: "\t") + "\n").utf8)
      _ = write(STDERR_FILENO, line, line.count)
      exit(0)
    }
    var words: [UnsafeMutablePointer<CChar>?] = (CommandLine.arguments + flags).map { strdup($0) } + [nil]
    execv("/proc/self/exe", &words)
    for word in words { free(word) }
    throw .usage(
      "it can't start itself again (its sandbox forbids it); start it with \(flags.joined(separator: " "))")
  }

  /// The person has decided not to start the machine after all, because of `error`: the library needn't say it again.
  public static func cancelled(_ error: any Error) -> any Error {
    if getenv(variable) != nil { exit(0) }
    return error
  }

  /// What a process that has ended with `text` on its standard error wants to be started with; nil: nothing.
  static func flags(in text: String) -> [String]? {
    text.split(separator: "\n").last { $0.hasPrefix(mark) }.map { line in
      line.dropFirst(mark.count).split(separator: "\t").map(String.init)
    }
  }
}
