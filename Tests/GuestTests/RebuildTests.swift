import Foundation
import PC
import Testing

/// The binaries in the source tree are what their sources give, byte for byte, and what the program carries.
@Suite(
  .enabled(
    if: HostTool.nasm.isThere && HostTool.python3.isThere,
    "NASM or python3 is not installed: apt install nasm python3"))
struct RebuildTests {
  private func bytes(_ path: String) throws -> Data { try Data(contentsOf: Places.root.appending(path: path)) }

  @Test func theSystemAndVideoBIOSAreBuiltFromTheirSources() throws {
    let folder = try TemporaryFolder()
    try HostTool.sh.run(["BIOS/build.sh", folder.url.path])
    for name in ["system.bin", "vga.bin", "et4000.bin"] {
      let built = try Data(contentsOf: folder.url.appending(path: name))
      #expect(built == (try bytes("BIOS/" + name)), "BIOS/\(name) is stale: run BIOS/build.sh and commit it")
    }
  }

  @Test func theVideoBIOSCanBeBuiltAlone() throws {
    let folder = try TemporaryFolder()
    try HostTool.sh.run(["BIOS/video/build.sh", folder.path("vga.bin")])
    #expect(try Data(contentsOf: folder.url.appending(path: "vga.bin")) == bytes("BIOS/vga.bin"))
  }

  @Test func theBuiltInDiskIsBuiltFromItsSources() throws {
    let folder = try TemporaryFolder()
    try HostTool.sh.run(["Media/build.sh", folder.path("welcome.img")])
    let built = try Data(contentsOf: folder.url.appending(path: "welcome.img"))
    #expect(built == (try bytes("Media/welcome.img")), "Media/welcome.img is stale: run Media/build.sh and commit it")
  }

  @Test func theBootSectorsOfNewImagesAreBuiltFromTheirSources() throws {
    let folder = try TemporaryFolder()
    try HostTool.sh.run(["Media/build.sh", "boot", folder.url.path])
    for name in ["master.bin", "volume.bin"] {
      let built = try Data(contentsOf: folder.url.appending(path: name))
      #expect(built == (try bytes("Media/boot/" + name)), "\(name) is stale: run Media/build.sh boot and commit it")
    }
  }

  @Test func theProgramCarriesTheBinariesOfTheSourceTree() throws {
    #expect(Data(Firmware.systemBIOS) == (try bytes("BIOS/system.bin")))
    #expect(Data(Firmware.videoBIOS) == (try bytes("BIOS/vga.bin")))
    #expect(Data(Firmware.videoBIOS(for: .et4000)) == (try bytes("BIOS/et4000.bin")))
    #expect(Data(Firmware.welcomeDisk) == (try bytes("Media/welcome.img")))
    #expect(Data(Firmware.masterBoot) == (try bytes("Media/boot/master.bin")))
    #expect(Data(Firmware.volumeBoot) == (try bytes("Media/boot/volume.bin")))
  }
}
