import PC
import Storage

/// What the argument of `heirloom run` is.
enum Target {
  case configuration
  case floppy
  case hardDisk
  case cdrom

  /// Looks into the file.
  ///
  /// - Throws: `HostError.file` for what can't be run.
  init(path: String) throws(HostError) {
    let kind: ImageKind
    do { kind = try ImageKind.detect(path: path) } catch { throw .file(error.description) }
    switch kind {
    case .configuration: self = .configuration
    case .floppy: self = .floppy
    case .hardDisk: self = .hardDisk
    case .cdrom: self = .cdrom
    case .machine: throw .file("\(path): is a machine file, which this version can't open yet; .toml files are")
    }
  }
}
