/// What went wrong outside the machine, in one line that names the file or key, what is wrong, and what would be right.
///
/// Each kind has its exit status (README, "Command line").
public struct HostError: Error, Equatable, CustomStringConvertible {
  /// Kinds of failure. Raw values are the program's exit statuses.
  public enum Kind: Int32, Sendable {
    /// Arguments or configuration that make no sense.
    case usage = 2
    /// A file that is missing, unreadable, or not what it claims to be.
    case file = 3
    /// Something a script waited for did not happen.
    case timeout = 4
    /// The guest shut down by triple fault.
    case tripleFault = 5
  }
  /// What kind of failure.
  public let kind: Kind
  /// The line.
  public let description: String

  /// A failure of `kind`.
  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }

  /// Wrong arguments or configuration.
  public static func usage(_ text: String) -> HostError { HostError(.usage, text) }
  /// A file that can't be used.
  public static func file(_ text: String) -> HostError { HostError(.file, text) }
}
