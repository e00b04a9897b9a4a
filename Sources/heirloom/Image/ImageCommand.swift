import ArgumentParser
import Desktop
import Glibc
import PC
import Storage

/// `heirloom image`: disk images and what is in them.
struct ImageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "image", abstract: "Make disk images, look into them, change what is in them.",
    discussion: "IMG is an image file; IMG@1 is its first partition. A folder is shown as a CD.",
    subcommands: [
      ImageCreate.self, ImageInfo.self, ImageList.self, ImageGet.self, ImagePut.self, ImageRemove.self,
      ImageMakeDirectory.self, ImageFormat.self, ImageVerify.self, ImageConvert.self, ImageCommit.self,
      ImageDiscard.self,
    ])
}

/// Runs `body`; errors of images become those of the command line.
func withImages<T>(_ body: () throws -> T) throws -> T {
  do { return try body() } catch let error as StorageError { throw HostError.file(error.description) }
}

/// Makes SIGINT and its like an error, thrown where long work can be left, so that it cleans up behind itself.
struct Interruption {
  private let signals = SignalWatch()

  /// - Throws: `HostError.file`, naming `path`, after a signal; the second one ends the program at once.
  func check(_ path: String) throws {
    if signals.isPending { throw HostError.file("\(path): interrupted before all was written; begin again") }
  }
}

/// A line on standard error that shows how far long work has come; nothing unless that is a terminal.
struct ProgressLine {
  private let isShown = isatty(STDERR_FILENO) == 1
  private let title: String
  private var last = -1

  /// `title` is what is being done.
  init(_ title: String) { self.title = title }

  /// `done` of `total`.
  mutating func show(_ done: Int, of total: Int) {
    guard isShown, total > 0 else { return }
    let percent = min(done, total) * 100 / total
    guard percent != last else { return }
    last = percent
    put("\r\(title): \(percent) %")
  }

  /// Takes the line away.
  func end() { if isShown, last >= 0 { put("\r" + String(repeating: " ", count: title.count + 8) + "\r") } }

  private func put(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }
}

/// Sizes as people give them: 500M, 2G, 1440K, or bytes.
struct ByteSize: ExpressibleByArgument {
  var bytes: Int

  init?(argument: String) {
    let units: [Character: Int] = ["K": 10, "M": 20, "G": 30]
    var digits = argument.uppercased()
    var shift = 0
    if let unit = digits.last.flatMap({ units[$0] }) {
      shift = unit
      digits.removeLast()
    }
    guard let number = Int(digits), number > 0, number <= 1 << (50 - shift) else { return nil }
    bytes = number << shift
  }
}

/// Dates of the host's files.
enum HostDate {
  /// A host's time as wall-clock fields of its time zone.
  static func fat(_ seconds: Int) -> FATTime {
    var time = time_t(seconds)
    var fields = tm()
    localtime_r(&time, &fields)
    return FATTime(
      year: Int(fields.tm_year) + 1900, month: Int(fields.tm_mon) + 1, day: Int(fields.tm_mday),
      hour: Int(fields.tm_hour), minute: Int(fields.tm_min), second: Int(fields.tm_sec))
  }

  /// Now.
  static var now: FATTime { fat(time(nil)) }

  /// Gives the host's file the date `modified`; a host that refuses is no error.
  static func set(_ modified: FATTime, _ path: String) {
    var fields = tm()
    fields.tm_year = Int32(modified.date >> 9) + 80
    fields.tm_mon = Int32(modified.date >> 5 & 15) - 1
    fields.tm_mday = Int32(modified.date & 31)
    fields.tm_hour = Int32(modified.time >> 11)
    fields.tm_min = Int32(modified.time >> 5 & 63)
    fields.tm_sec = Int32(modified.time & 31) * 2
    fields.tm_isdst = -1
    let seconds = mktime(&fields)
    guard seconds > 0 else { return }
    let times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
    utimensat(AT_FDCWD, path, times, 0)
  }

  /// A serial number as DOS makes it, from the time.
  static var serial: UInt32 {
    let now = now
    return (UInt32(now.date) << 16 | UInt32(now.time)) &+ UInt32(truncatingIfNeeded: getpid()) &* 0x9E37
  }
}
