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
    let seal = Seal(configuration)
    #expect(
      seal.reaches.map(\.reach) == [
        .writes("/x/a.img"), .reads("/x/cd.iso"), .connection(host: "localhost", port: 23), .writes("/x/printed"),
      ])
    #expect(seal.writable == ["/x/a.img", "/x/printed"])
    configuration.media.readOnly = true
    #expect(Seal(configuration).writable == ["/x/printed"])
  }

  @Test func aSealedProcessWritesNowhereElseStartsNothingAndConnectsToNobody() async throws {
    let folder = try Folder()
    let inside = folder.path("inside")
    let outside = folder.path("outside")
    for path in [inside, outside] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    _ = try folder.file("outside/there", [1, 2, 3])
    await #expect(processExitsWith: .success) { [inside = inside as String, outside = outside as String] in
      func opens(_ path: String, _ flags: Int32) -> Bool {
        let descriptor = open(path, flags, 0o600)
        if descriptor >= 0 { close(descriptor) }
        return descriptor >= 0
      }
      #expect(opens(outside + "/before", O_WRONLY | O_CREAT) && socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) >= 0)
      let missing = Sandbox.enter(writable: [inside])
      for line in missing { print(line) }
      #expect(opens(inside + "/new", O_WRONLY | O_CREAT) && opens(outside + "/there", O_RDONLY))
      if !missing.contains(where: { $0.contains("Landlock") }) {
        #expect(!opens(outside + "/new", O_WRONLY | O_CREAT))
        #expect(!opens(outside + "/there", O_WRONLY))
        #expect(!opens(outside + "/there", O_RDONLY | O_TRUNC))
        #expect(unlink(outside + "/there") != 0 && mkdir(outside + "/folder", 0o700) != 0)
        #expect(rename(outside + "/there", inside + "/there") != 0)
        #expect(symlink("/etc/passwd", outside + "/link") != 0)
      }
      if !missing.contains(where: { $0.contains("seccomp") }) {
        for family in [AF_INET, AF_INET6, AF_NETLINK, AF_PACKET] {
          #expect(socket(family, Int32(SOCK_STREAM.rawValue), 0) < 0 && errno == EPERM)
        }
        let local = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #expect(local >= 0 && listen(local, 1) != 0)
        var child = pid_t()
        #expect(posix_spawn(&child, "/bin/true", nil, nil, [nil], nil) != 0)
      }
    }
  }
}
