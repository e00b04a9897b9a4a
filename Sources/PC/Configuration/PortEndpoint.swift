/// What a serial port is connected to on the host.
public enum SerialEndpoint: ConfigurationValue {
  /// Nothing.
  case none
  /// Standard input and output.
  case stdio
  /// What is sent goes to the end of a file.
  case file(String)
  /// A TCP connection, made when the machine starts.
  case tcp(host: String, port: Int)

  public init?(configurationText text: String) {
    if text == "none" {
      self = .none
    } else if text == "stdio" {
      self = .stdio
    } else if text.hasPrefix("file:"), text.count > 5 {
      self = .file(String(text.dropFirst(5)))
    } else if text.hasPrefix("tcp:"), let colon = text.lastIndex(of: ":"),
      let port = Int(text[text.index(after: colon)...]), (1...65_535).contains(port)
    {
      let host = text.dropFirst(4).prefix(upTo: max(colon, text.index(text.startIndex, offsetBy: 4)))
      guard !host.isEmpty else { return nil }
      self = .tcp(host: String(host), port: port)
    } else {
      return nil
    }
  }
  public var configurationText: String {
    switch self {
    case .none: "none"
    case .stdio: "stdio"
    case .file(let path): "file:" + path
    case .tcp(let host, let port): "tcp:\(host):\(port)"
    }
  }
  public static var expected: String { "stdio, file:PATH, tcp:HOST:PORT or none" }
  public func located(in directory: String) -> SerialEndpoint {
    if case .file(let path) = self { return .file(join(directory, path)) }
    return self
  }
}

/// What a parallel port is connected to on the host.
public enum ParallelEndpoint: ConfigurationValue {
  /// Nothing.
  case none
  /// What is printed goes to the end of a file.
  case file(String)

  public init?(configurationText text: String) {
    if text == "none" {
      self = .none
    } else if text.hasPrefix("file:"), text.count > 5 {
      self = .file(String(text.dropFirst(5)))
    } else {
      return nil
    }
  }
  public var configurationText: String {
    switch self {
    case .none: "none"
    case .file(let path): "file:" + path
    }
  }
  public static var expected: String { "file:PATH or none" }
  public func located(in directory: String) -> ParallelEndpoint {
    if case .file(let path) = self { return .file(join(directory, path)) }
    return self
  }
}

/// Where bytes written to port E9h go.
public enum DebugEndpoint: String, ConfigurationValue, CaseIterable {
  /// Nowhere.
  case none
  /// Standard output, unbuffered.
  case stdout
}
