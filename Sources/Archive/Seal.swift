public import PC

/// What a machine can touch outside of its own file: the media and ports that its configuration names, nothing else.
public struct Seal: Sendable {
  /// A thing of the host that the machine reaches.
  public enum Reach: Equatable, Sendable {
    /// A file that is read.
    case reads(String)
    /// A file that is read and written.
    case writes(String)
    /// Standard input and output of the program.
    case standardStreams
    /// A network connection.
    case connection(host: String, port: Int)
  }
  /// All of it, with the key that names it.
  public let reaches: [(key: String, reach: Reach)]

  /// The seal of a configuration.
  public init(_ configuration: MachineConfiguration) {
    var reaches: [(key: String, reach: Reach)] = []
    let readOnly = configuration.media.readOnly
    for (key, kind) in MachineFile.mediaKeys {
      guard let image = ConfigurationKey.named(key)?.get(configuration), image != "none",
        Medium.name(in: image) == nil
      else { continue }
      reaches.append((key, readOnly || kind == .cd ? .reads(image) : .writes(image)))
    }
    for (key, path) in [
      ("firmware.bios", configuration.firmware.bios.path),
      ("firmware.video-bios", configuration.firmware.videoBIOS.path),
      ("sound.input", configuration.sound.input.path),
    ] {
      if let path { reaches.append((key, .reads(path))) }
    }
    if case .fluidSynth(let font?) = configuration.sound.midi { reaches.append(("sound.midi", .reads(font))) }
    for (key, port) in [("ports.serial1", configuration.ports.serial1), ("ports.serial2", configuration.ports.serial2)]
    {
      switch port {
      case .none: break
      case .stdio: reaches.append((key, .standardStreams))
      case .file(let path): reaches.append((key, .writes(path)))
      case .tcp(let host, let number): reaches.append((key, .connection(host: host, port: number)))
      }
    }
    if case .file(let path) = configuration.ports.parallel1 { reaches.append(("ports.parallel1", .writes(path))) }
    if configuration.ports.debug == .stdout { reaches.append(("ports.debug", .standardStreams)) }
    self.reaches = reaches
  }

  /// A line for each.
  public var lines: [String] {
    guard !reaches.isEmpty else { return ["nothing: no file, no network, no port of the host"] }
    return reaches.map { key, reach in
      switch reach {
      case .reads(let path): "reads \(path) (\(key))"
      case .writes(let path): "reads and writes \(path) (\(key))"
      case .standardStreams: "reads and writes the program's standard streams (\(key))"
      case .connection(let host, let port): "connects to \(host), port \(port) (\(key))"
      }
    }
  }
}
