import Glibc
public import PC

/// How a command asks the process in which a machine runs to do something with it: `heirloom snapshot take` beside a
/// running machine. A socket in Linux's abstract namespace, named by device and inode of the machine file: it leaves no
/// file behind, and is gone with the process. Only programs of the same user are answered.
///
/// A request is one packet: machine, verb, and what the verb wants, with zeros between. The answer is one packet, empty if
/// it was done, otherwise the message.
enum Control {
  /// A name in the abstract namespace for the file at `path`; nil if there is none.
  private static func address(_ path: String) -> (address: sockaddr_un, length: socklen_t)? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    let name: [UInt8] = [0] + Array("heirloom/\(status.st_dev)/\(status.st_ino)".utf8)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { target in
      for (at, byte) in name.enumerated() where at < target.count { target[at] = byte }
    }
    return (address, socklen_t(MemoryLayout<sa_family_t>.size + name.count))
  }

  /// A new socket that was bound or connected to the file's name.
  private static func socket(
    _ path: String, _ attach: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32? {
    guard let (address, length) = address(path) else { return nil }
    let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue) | O_CLOEXEC, 0)
    guard descriptor >= 0 else { return nil }
    let result = withUnsafePointer(to: address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { attach(descriptor, $0, length) }
    }
    guard result == 0 else {
      close(descriptor)
      return nil
    }
    return descriptor
  }

  fileprivate static func listen(_ path: String) -> Int32? {
    guard let descriptor = socket(path, { bind($0, $1, $2) }) else { return nil }
    guard Glibc.listen(descriptor, 4) == 0, fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else {
      close(descriptor)
      return nil
    }
    return descriptor
  }

  fileprivate static func ask(_ path: String, _ words: [String]) -> String? {
    guard let descriptor = socket(path, { connect($0, $1, $2) }) else { return nil }
    defer { close(descriptor) }
    let request = Array(words.joined(separator: "\0").utf8)
    guard Glibc.send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
      return nil
    }
    var answer = [UInt8](repeating: 0, count: 4096)
    let count = recv(descriptor, &answer, answer.count, 0)
    // A process that ended meanwhile closes the socket without an answer, which is a packet of one zero at least.
    guard count > 0 else { return "the machine has ended meanwhile" }
    return String(decoding: answer[1..<count], as: UTF8.self)
  }
}

/// The running machine's end.
final class ControlSocket {
  private let descriptor: Int32

  /// nil if the host gives none: then commands are told that the machine is in use.
  init?(_ path: String) {
    guard let descriptor = Control.listen(path) else { return nil }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// One asker who waits for an answer.
  final class Asker: Sendable {
    private let descriptor: Int32
    init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { close(descriptor) }

    /// Says how it ended: nil if it was done.
    func answer(_ failure: String?) {
      let bytes: [UInt8] = [0] + Array((failure ?? "").utf8.prefix(4000))
      _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
  }

  /// The next request, without waiting for one.
  func next() -> (words: [String], asker: Asker)? {
    let connection = accept(descriptor, nil, nil)
    guard connection >= 0 else { return nil }
    let asker = Asker(connection)
    // `struct ucred`: process, user, group.
    var peer: [UInt32] = [0, .max, .max]
    var length = socklen_t(12)
    guard getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0, [getuid(), 0].contains(peer[1]) else {
      asker.answer("it belongs to another user")
      return nil
    }
    // Who connects sends at once; the machine waits no longer than a picture takes.
    var ready = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
    var request = [UInt8](repeating: 0, count: 4096)
    guard poll(&ready, 1, 15) == 1 else { return nil }
    let count = recv(connection, &request, request.count, Int32(MSG_DONTWAIT))
    guard count > 0 else { return nil }
    let words = request[..<count].split(separator: 0, omittingEmptySubsequences: false)
    return (words.map { String(decoding: $0, as: UTF8.self) }, asker)
  }
}

/// A machine that runs in another process.
public struct RunningMachine {
  private let path: String
  private let machine: String

  /// The machine of the file at `path` (nil: its first) if it runs and can be asked; nil otherwise.
  ///
  /// - Throws: `HostError` if the file can't be read.
  public init?(path: String, machine name: String?) throws(HostError) {
    guard MachineFile.isRunning(path) else { return nil }
    self.path = path
    machine = try MachineFile(path: path, machine: name, access: .reading).summary().name
  }

  /// Has it keep its state as `name`.
  ///
  /// - Returns: false if the process doesn't answer requests.
  /// - Throws: `HostError` with what it says.
  public func takeSnapshot(_ name: String, note: String) throws(HostError) -> Bool { try ask(["take", name, note]) }

  /// Has it go back to the snapshot called `name`, as `takeSnapshot`.
  public func restore(_ name: String) throws(HostError) -> Bool { try ask(["restore", name]) }

  /// Has it forget the snapshot called `name`, as `takeSnapshot`.
  public func delete(_ name: String) throws(HostError) -> Bool { try ask(["delete", name]) }

  private func ask(_ words: [String]) throws(HostError) -> Bool {
    guard let answer = Control.ask(path, [machine] + words) else { return false }
    guard answer.isEmpty else { throw .file("\(path): \(answer.replacing("\(path): ", with: ""))") }
    return true
  }
}

extension OpenMachine {
  public func serve(_ machine: Machine, restore: (String) throws -> Void) {
    guard let (words, asker) = control?.next() else { return }
    do {
      let name = try file.summary().name
      guard words.first == name else { throw ArchiveError.refused("machine \(name) of this file runs; close it first") }
      switch (words.dropFirst().first, words.dropFirst(2).first, words.count) {
      case ("take", let snapshot?, 4):
        try file.checkFree(snapshot)
        return try keep(machine, as: snapshot, kind: .kept, note: words[3]) { asker.answer($0?.description) }
      case ("restore", let snapshot?, 3):
        _ = try file.snapshot(snapshot)
        try restore(snapshot)
      case ("delete", let snapshot?, 3): try file.delete(try file.snapshot(snapshot))
      default: throw ArchiveError.refused("the running machine doesn't know this request")
      }
      asker.answer(nil)
    } catch { asker.answer(hostError(file.path, error).description) }
  }
}
