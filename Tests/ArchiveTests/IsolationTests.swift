import Foundation
import PC
import Testing

@testable import Archive

/// What a machine can touch is what its configuration names; and its process can't do more even if it wanted to.
@Suite struct IsolationTests {
  @Test func theSealNamesEveryFileAndPortOfTheConfigurationAndNothingElse() throws {
    var configuration = MachineConfiguration()
    #expect(Seal(configuration).reaches.isEmpty)
    configuration.floppy.a = HostPath(path: "/x/a.img")
    configuration.disk.hda = HostPath(path: "medium:c")
    configuration.cdrom.disc = HostPath(path: "/x/cd.iso")
    configuration.ports.serial1 = .tcp(host: "localhost", port: 23)
    configuration.ports.parallel1 = .file("/x/printed")
    configuration.sound.input = HostPath(path: "/x/voice.wav")
    configuration.sound.midi = .fluidSynth("/x/font.sf2")
    let seal = Seal(configuration)
    #expect(
      seal.reaches.map(\.reach) == [
        .writes("/x/a.img"), .reads("/x/cd.iso"), .reads("/x/voice.wav"), .reads("/x/font.sf2"),
        .connection(host: "localhost", port: 23), .writes("/x/printed"),
      ])
    #expect(seal.writable == ["/x/a.img", "/x/printed"])
    configuration.media.readOnly = true
    #expect(Seal(configuration).writable == ["/x/printed"])
  }

  @Test func aSealedProcessReadsAndWritesNowhereElseStartsNothingAndConnectsToNobody() async throws {
    let folder = try Folder()
    for path in ["inside", "outside", "named"] {
      try FileManager.default.createDirectory(atPath: folder.path(path), withIntermediateDirectories: true)
      _ = try folder.file(path + "/there", [1, 2, 3])
    }
    let root = folder.url.path + "/"
    await #expect(processExitsWith: .success) { [root = root as String] in
      func opens(_ path: String, _ flags: Int32) -> Bool {
        let descriptor = open(root + path, flags | O_CLOEXEC, 0o600)
        if descriptor >= 0 { close(descriptor) }
        return descriptor >= 0
      }
      // A thread that is there before, as the display's and the database's are.
      let worker = Worker()
      worker.start()
      defer { worker.stop() }
      #expect(opens("outside/before", O_WRONLY | O_CREAT) && socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) >= 0)
      #expect(worker.run { opens("outside/there", O_RDWR) })
      let (parent, other) = (getppid(), open("/dev/null", O_RDWR))
      let missing = Sandbox.enter(readable: [root + "named/there"], writable: [root + "inside"])
      for line in missing { print(line) }
      #expect(opens("inside/new", O_RDWR | O_CREAT) && opens("named/there", O_RDONLY))
      #expect(access("/usr/bin/env", R_OK) == 0 && open("/usr/bin/env", O_RDONLY) >= 0)
      if !missing.contains(where: { $0.contains("Landlock") }) {
        #expect(!opens("outside/there", O_RDONLY) && errno == EACCES)
        #expect(opendir(root + "outside") == nil && opendir(root) == nil)
        #expect(!opens("named/there", O_WRONLY))
        #expect(!opens("outside/new", O_WRONLY | O_CREAT))
        #expect(!opens("outside/there", O_RDONLY | O_TRUNC))
        #expect(unlink(root + "outside/there") != 0 && mkdir(root + "outside/folder", 0o700) != 0)
        #expect(rename(root + "outside/there", root + "inside/there") != 0)
        #expect(symlink("/etc/passwd", root + "outside/link") != 0)
        #expect(!worker.run { opens("outside/there", O_RDONLY) || opens("outside/new", O_WRONLY | O_CREAT) })
      }
      if !missing.contains(where: { $0.contains("seccomp") }) {
        for family in [AF_INET, AF_INET6, AF_NETLINK, AF_PACKET] {
          #expect(socket(family, Int32(SOCK_STREAM.rawValue), 0) < 0 && errno == EPERM)
        }
        let local = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #expect(local >= 0 && listen(local, 1) != 0)
        var child = pid_t()
        #expect(posix_spawn(&child, "/bin/true", nil, nil, [nil], nil) != 0)
        #expect(kill(parent, 0) != 0 && errno == EPERM)
        #expect(kill(getpid(), 0) == 0)
        var letter: CChar = 0x78
        #expect(ioctl(other, UInt(TIOCSTI), &letter) != 0 && errno == EPERM)
        // Threads go on being made.
        let late = Worker()
        late.start()
        #expect(late.run { true })
        late.stop()
      }
    }
  }
}

/// A thread that does what it is told.
private final class Worker: @unchecked Sendable {
  private let asked = DispatchSemaphore(value: 0)
  private let done = DispatchSemaphore(value: 0)
  private var body: (() -> Bool)?
  private var answer = false

  func start() {
    Thread { [self] in
      while true {
        asked.wait()
        guard let body else { return }
        answer = body()
        done.signal()
      }
    }.start()
  }

  func run(_ body: @escaping () -> Bool) -> Bool {
    self.body = body
    asked.signal()
    done.wait()
    return answer
  }

  func stop() {
    body = nil
    asked.signal()
  }
}
