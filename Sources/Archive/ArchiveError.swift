import GRDB
import PC

/// What is wrong with a machine file, before the file's name is put in front of it.
enum ArchiveError: Error {
  /// What is in the file isn't what should be there.
  case damaged(String)
  /// What was asked for isn't there or can't be done.
  case refused(String)
}

/// Does `body`; what goes wrong becomes one line that names the file at `path`.
func naming<T>(_ path: String, _ body: () throws -> T) throws(HostError) -> T {
  do { return try body() } catch { throw hostError(path, error) }
}

/// `error` as one line that names the file at `path`.
func hostError(_ path: String, _ error: any Error) -> HostError {
  if let error = error as? HostError { return error }
  switch error {
  case ArchiveError.damaged(let text):
    return .file("\(path): is damaged: \(text); `heirloom machine verify` lists all that is")
  case ArchiveError.refused(let text): return .file("\(path): \(text)")
  case is RowDecodingError: return hostError(path, ArchiveError.damaged("a row holds something of another kind"))
  case let error as DatabaseError: return .file("\(path): \(reason(error))")
  default: return .file("\(path): \(error)")
  }
}

/// The same without the file's name, for messages that have it already.
func hostReason(_ path: String, _ error: any Error) -> String {
  hostError(path, error).description.replacing("\(path): ", with: "")
}

private func reason(_ error: DatabaseError) -> String {
  switch error.resultCode {
  case .SQLITE_NOTADB: "is not a machine file"
  case .SQLITE_CORRUPT:
    "is damaged (SQLite: \(error.message ?? "corrupt")); take a copy and try `heirloom machine verify`"
  case .SQLITE_FULL: "the host's disk is full; free space"
  case .SQLITE_READONLY, .SQLITE_PERM: "can't be written on the host; make file and folder writable"
  case .SQLITE_BUSY, .SQLITE_LOCKED: "is in use by another program; close that one"
  case .SQLITE_CANTOPEN: "can't be opened on the host; make file and folder readable"
  case .SQLITE_IOERR:
    "the host can't read or write it (\(error.message ?? "input/output error")); is its disk still there?"
  default: "SQLite says: \(error.message ?? "error \(error.resultCode.rawValue)")"
  }
}
