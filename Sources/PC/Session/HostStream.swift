import Glibc

/// The host's end of a serial or parallel port: takes bytes at once, gives what has arrived without waiting.
final class HostStream {
  private let input: Int32
  private let output: Int32
  private let owned: [Int32]
  /// The terminal's settings before we changed them.
  private var terminal: termios?
  /// Nobody takes what is sent any more (a closed pipe or connection).
  private(set) var isBroken = false
  private var inputEnded = false
  private var waiting: [UInt8] = []

  private init(input: Int32, output: Int32, owned: [Int32]) {
    self.input = input
    self.output = output
    self.owned = owned
  }

  deinit {
    flush()
    if var terminal { tcsetattr(input, TCSANOW, &terminal) }
    for descriptor in owned { close(descriptor) }
  }

  /// Standard input and output. A terminal is put into a mode where keys arrive one by one; Ctrl+C still ends the
  /// program.
  static func standard(readsInput: Bool = true) -> HostStream {
    let stream = HostStream(input: readsInput ? STDIN_FILENO : -1, output: STDOUT_FILENO, owned: [])
    var settings = termios()
    if readsInput, isatty(STDIN_FILENO) != 0, tcgetattr(STDIN_FILENO, &settings) == 0 {
      stream.terminal = settings
      settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
      settings.c_iflag &= ~tcflag_t(ICRNL)
      tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }
    return stream
  }

  /// A file that is written to from the beginning.
  static func file(_ path: String) throws(HostError) -> HostStream {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .file("\(path): can't be written: \(HostFiles.reason())") }
    return HostStream(input: -1, output: descriptor, owned: [descriptor])
  }

  /// A connection to a listening TCP port.
  static func tcp(host: String, port: Int) throws(HostError) -> HostStream {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let failure = getaddrinfo(host, String(port), &hints, &list)
    guard failure == 0 else {
      throw .file("tcp:\(host):\(port): \(String(cString: gai_strerror(failure)))")
    }
    defer { freeaddrinfo(list) }
    var next = list
    while let address = next?.pointee {
      let descriptor = socket(address.ai_family, address.ai_socktype, address.ai_protocol)
      if descriptor >= 0 {
        if connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 {
          var on: Int32 = 1
          setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
          return HostStream(input: descriptor, output: descriptor, owned: [descriptor])
        }
        close(descriptor)
      }
      next = address.ai_next
    }
    throw .file("tcp:\(host):\(port): can't connect: \(HostFiles.reason()); start what listens there first")
  }

  /// Sends a byte. It leaves at the next `flush` at the latest.
  func put(_ byte: UInt8) {
    waiting.append(byte)
    if waiting.count >= 4096 { flush() }
  }

  /// Sends what `put` has collected.
  func flush() {
    guard !waiting.isEmpty, !isBroken else { return }
    isBroken = !HostFiles.writeAll(output, waiting)
    waiting.removeAll(keepingCapacity: true)
  }

  /// What has arrived, at most `limit` bytes; nothing if nothing has.
  func take(atMost limit: Int) -> [UInt8] {
    guard input >= 0, !inputEnded, limit > 0 else { return [] }
    var ready = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
    guard poll(&ready, 1, 0) > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: limit)
    let got = bytes.withUnsafeMutableBytes { read(input, $0.baseAddress, $0.count) }
    if got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN) { inputEnded = true }
    bytes.removeLast(limit - max(got, 0))
    return bytes
  }
}
