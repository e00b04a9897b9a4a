public import Processor

/// A value of a configuration key: written and read as one short text, on the command line and in files alike.
public protocol ConfigurationValue: Codable, Equatable, Sendable {
  /// The value that `text` means, nil if it means none.
  init?(configurationText text: String)
  /// The text that gives this value back.
  var configurationText: String { get }
  /// What `init` takes, for error messages and listings: "on or off".
  static var expected: String { get }
  /// The same value with a relative host path taken from `directory`. Only values with paths in them change.
  func located(in directory: String) -> Self
}

extension ConfigurationValue {
  public func located(in directory: String) -> Self { self }
}

extension ConfigurationValue where Self: RawRepresentable, RawValue == String, Self: CaseIterable {
  public init?(configurationText text: String) { self.init(rawValue: text.lowercased()) }
  public var configurationText: String { rawValue }
  public static var expected: String {
    let names = allCases.map(\.rawValue)
    return names.count == 1 ? names[0] : names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
  }
}

extension ProcessorModel: ConfigurationValue {}

extension TLBPolicy: ConfigurationValue {}

extension String: ConfigurationValue {
  public init?(configurationText text: String) { self = text }
  public var configurationText: String { self }
  public static var expected: String { "text" }
}

extension Bool: ConfigurationValue {
  public init?(configurationText text: String) {
    switch text.lowercased() {
    case "on", "true", "yes": self = true
    case "off", "false", "no": self = false
    default: return nil
    }
  }
  public var configurationText: String { self ? "on" : "off" }
  public static var expected: String { "on or off" }
}

/// A floating-point unit: what belongs to the processor, or wanted, or not.
public enum FPUChoice: String, ConfigurationValue, CaseIterable {
  /// A 486DX's own; none beside a 386 or a 486SX.
  case auto
  /// A 387 beside a 386, or a 486DX's own.
  case on
  /// None.
  case off
}

/// What happens when the processor shuts down after a triple fault.
public enum TripleFaultAction: String, ConfigurationValue, CaseIterable {
  /// The board resets the processor, as the chipset of a PC does.
  case reset
  /// The machine stops and the program says so.
  case stop
}

/// An amount of RAM: 1M ... 256M, in steps of 64 KB.
public struct MemorySize: ConfigurationValue {
  /// Bytes.
  public let bytes: Int

  /// `megabytes` MB; clamped to 1 ... 256.
  public init(megabytes: Int) { bytes = min(max(megabytes, 1), 256) << 20 }

  public init?(configurationText text: String) {
    guard let unit = text.last?.uppercased(), let number = Int(text.dropLast()), number > 0, number <= 1 << 20 else {
      return nil
    }
    let size: Int
    switch unit {
    case "M": size = number << 20
    case "K": size = number << 10
    default: return nil
    }
    guard size >= 1 << 20, size <= 256 << 20, size & 0xFFFF == 0 else { return nil }
    bytes = size
  }
  public var configurationText: String { bytes & 0xFFFFF == 0 ? "\(bytes >> 20)M" : "\(bytes >> 10)K" }
  public static var expected: String { "a size from 1M to 256M (whole megabytes, or K in steps of 64)" }
}

/// The places a machine starts from.
public enum BootDevice: String, Codable, Sendable, CaseIterable {
  case a, c, cdrom
}

/// Boot devices in the order in which they are tried.
public struct BootOrder: ConfigurationValue {
  /// One to three different devices.
  public let devices: [BootDevice]

  /// The usual order: floppy disk, hard disk, CD.
  public static let standard = BootOrder(devices: BootDevice.allCases)

  init(devices: [BootDevice]) { self.devices = devices }

  public init?(configurationText text: String) {
    var devices: [BootDevice] = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      let name = name.trimmed.lowercased()
      guard let device = BootDevice(rawValue: name), !devices.contains(device) else { return nil }
      devices.append(device)
    }
    guard !devices.isEmpty else { return nil }
    self.devices = devices
  }
  public var configurationText: String { devices.map(\.rawValue).joined(separator: ",") }
  public static var expected: String { "a list of a, c and cdrom with commas, each once" }
}

/// A file on the host, or none.
public struct HostPath: ConfigurationValue {
  /// The path as given; nil for none.
  public let path: String?

  /// No file.
  public static let none = HostPath(path: nil)

  /// The file at `path`.
  public init(path: String?) { self.path = path }

  public init?(configurationText text: String) { path = text.isEmpty || text == "none" ? nil : text }
  public var configurationText: String { path ?? "none" }
  public static var expected: String { "a file or none" }
  public func located(in directory: String) -> HostPath {
    HostPath(path: path.map { $0.hasPrefix(Self.mediumPrefix) ? $0 : join(directory, $0) })
  }

  /// What stands before the name of a medium that is kept in a machine file, where a file's path may stand.
  public static let mediumPrefix = "medium:"
}

/// `path`, taken from `directory` unless it is absolute.
func join(_ directory: String, _ path: String) -> String {
  path.hasPrefix("/") || directory.isEmpty || directory == "." ? path : directory + "/" + path
}

extension Substring {
  /// Without blanks at both ends.
  var trimmed: Substring {
    var text = self
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return text
  }
}
