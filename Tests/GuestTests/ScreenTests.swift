import Devices
import Foundation
import Hardware
import PC
import Processor
import Testing

/// What the screen shows, dot for dot.
@Suite(.enabled(if: HostTool.nasm.isThere, "NASM is not installed: apt install nasm"))
struct ScreenTests {
  /// Pictures with `screens.asm`'s names; "cursor" and "blink" are looked at by other tests.
  private static let charts = GuestProgram.screenNames.filter { $0 != "cursor" && $0 != "blink" }

  /// Where `screens.asm` has its blinking character: row 2, column 10 of 16 lines by 9 dots.
  private static let cell = (x: 10 * 9 + 4, y: 2 * 16 + 3)

  /// `screens.asm`, up to the picture called `name`.
  private func guest(showing name: String) throws -> Guest {
    let program = GuestProgram(source: "screens")
    let guest = try Guest(program.configuration, disk: try program.assemble())
    var lines: [(cue: GuestScript.Cue, deed: GuestScript.Deed)] = []
    for screen in GuestProgram.screenNames {
      lines.append((.said("SCREEN \(screen)\n"), screen == name ? .nothing : .press([.enter])))
      if screen == name { break }
    }
    try guest.perform(GuestScript(lines + [(.wait(.milliseconds(50)), .nothing)]))
    return guest
  }

  @Test func textScreensAreTheOnesThatWereLookedAt() throws {
    let program = GuestProgram(source: "screens")
    let guest = try Guest(program.configuration, disk: try program.assemble())
    for name in Self.charts {
      try guest.perform(GuestScript([(.said("SCREEN \(name)\n"), .nothing), (.wait(.milliseconds(50)), .nothing)]))
      let pictures = try GoldenScreen.pictures(of: guest)
      #expect(pictures.count == 1, "\(name) moves")
      let complaint = try GoldenScreen.complaint(pictures, "screen-\(name)")
      #expect(complaint == nil)
      guest.machine.post(.key(.enter, pressed: true))
      guest.machine.post(.key(.enter, pressed: false), at: guest.machine.now + .milliseconds(20))
    }
  }

  @Test func picturesOfAllModesAreTheOnesThatWereLookedAt() throws {
    let program = GuestProgram(source: "video_gallery")
    let guest = try Guest(program.configuration, disk: try program.assemble())
    for mode in GuestProgram.galleryModes {
      try guest.perform(GuestScript([(.said("MODE \(mode)\n"), .nothing), (.wait(.milliseconds(50)), .nothing)]))
      let complaint = try GoldenScreen.complaint(try GoldenScreen.pictures(of: guest), "mode-\(mode.suffix(2))")
      #expect(complaint == nil)
      guest.machine.post(.key(.enter, pressed: true))
      guest.machine.post(.key(.enter, pressed: false), at: guest.machine.now + .milliseconds(20))
    }
  }

  /// The picture that the guest shows in most of the next `count` frames.
  private func steady(_ guest: Guest, frames count: Int = 30) -> VideoFrame {
    var seen: [(picture: VideoFrame, times: Int)] = []
    for _ in 0..<count {
      guest.machine.run(until: guest.machine.board.video.nextFrameTime(after: guest.machine.now))
      let picture = guest.machine.picture()
      if let known = seen.firstIndex(where: { $0.picture.width == picture.width && $0.picture.pixels == picture.pixels }
      ) {
        seen[known].times += 1
      } else {
        seen.append((picture, 1))
      }
    }
    return seen.max { $0.times < $1.times }?.picture ?? guest.machine.picture()
  }

  /// The tricks change registers in blanking only, so that slower and faster processors show the same.
  @Test(arguments: [ProcessorModel.i486dx2x66, .i386dx33])
  func tricksWithTheBeamGiveThePicturesThatWereLookedAt(cpu: ProcessorModel) throws {
    var program = GuestProgram(source: "video_raster")
    program.cpu = cpu
    let guest = try Guest(program.configuration, disk: try program.assemble())
    for name in GuestProgram.rasterNames {
      try guest.perform(GuestScript([(.said("SCREEN \(name)\n"), .nothing), (.wait(.milliseconds(100)), .nothing)]))
      if name == "flip" {
        // Two pages of one colour each: never a picture with parts of both.
        for _ in 0..<30 {
          guest.machine.run(until: guest.machine.board.video.nextFrameTime(after: guest.machine.now))
          #expect(Set(guest.machine.picture().pixels).count == 1)
        }
      } else {
        let complaint = try GoldenScreen.complaint([steady(guest)], "raster-\(name)")
        #expect(complaint == nil)
      }
      guest.machine.post(.key(.enter, pressed: true))
      guest.machine.post(.key(.enter, pressed: false), at: guest.machine.now + .milliseconds(20))
    }
  }

  @Test func vesaModesShowThePicturesThatWereLookedAt() throws {
    var program = GuestProgram(source: "video_vesa")
    program.video = .et4000
    let guest = try Guest(program.configuration, disk: try program.assemble())
    for mode in GuestProgram.vesaModes {
      try guest.perform(GuestScript([(.said("MODE \(mode)\n"), .nothing), (.wait(.milliseconds(50)), .nothing)]))
      let complaint = try GoldenScreen.complaint([guest.machine.picture()], "vesa-\(mode)")
      #expect(complaint == nil)
      guest.machine.post(.key(.enter, pressed: true))
      guest.machine.post(.key(.enter, pressed: false), at: guest.machine.now + .milliseconds(20))
    }
  }

  /// For how many frames the dot in the cell is alike, over `frames` frames.
  private func runs(_ guest: Guest, frames: Int) -> [Int] {
    var runs: [Int] = []
    var last: Bool?
    for _ in 0..<frames {
      guest.machine.run(until: guest.machine.board.video.nextFrameTime(after: guest.machine.now))
      let picture = guest.machine.picture()
      let isLit = picture.pixels[Self.cell.y * picture.width + Self.cell.x] != 0
      if isLit == last { runs[runs.count - 1] += 1 } else { runs.append(1) }
      last = isLit
    }
    // The first and the last are cut off.
    return Array(runs.dropFirst().dropLast())
  }

  @Test func theCursorBlinksEverySixteenFramesAndCharactersEveryThirtyTwo() throws {
    let cursor = runs(try guest(showing: "cursor"), frames: 100)
    #expect(cursor.count >= 9 && cursor.allSatisfy { $0 == 8 }, "\(cursor)")
    let blink = runs(try guest(showing: "blink"), frames: 130)
    #expect(blink.count >= 5 && blink.allSatisfy { $0 == 16 }, "\(blink)")
  }

  @Test func theCursorIsInTheLinesAndTheColourOfItsCharacter() throws {
    let pictures = try GoldenScreen.pictures(of: try guest(showing: "cursor"))
    #expect(pictures.count == 2)
    for picture in pictures {
      #expect(picture.width == 720 && picture.height == 400)
      let lit = picture.pixels.indices.filter { picture.pixels[$0] != 0 }
      if lit.isEmpty { continue }
      // CX = 0007h means the upper half of 8 lines: the BIOS's cursor emulation makes lines 0 to 15 of it.
      #expect(lit.allSatisfy { picture.pixels[$0] == 0xAA_AA_AA })
      #expect(Set(lit.map { $0 % 720 }) == Set(90..<99))
      #expect(Set(lit.map { $0 / 720 }) == Set(32..<48))
    }
  }
}

/// Debian's package vgabios. Outside of the suite, whose trait needs it.
private let foreignVideoBIOS = "/usr/share/vgabios/vgabios.bin"

/// Somebody else's video BIOS on our VGA.
@Suite(
  .enabled(
    if: HostTool.nasm.isThere && FileManager.default.fileExists(atPath: foreignVideoBIOS),
    "NASM or Debian's vgabios is not installed: apt install nasm vgabios"))
struct ForeignVideoBIOSTests {
  /// Mode 7 comes last: this BIOS writes the CRT controller before it has moved its ports (3B4h or 3D4h), so that on a
  /// VGA the mode after it isn't set right.
  private static let modes: [(number: String, width: Int, height: Int)] = [
    ("0000", 360, 400), ("0003", 720, 400), ("0004", 320, 400), ("0005", 320, 400), ("0006", 640, 400),
    ("000D", 320, 400), ("000E", 640, 400), ("000F", 640, 350), ("0010", 640, 350), ("0011", 640, 480),
    ("0012", 640, 480), ("0013", 640, 400), ("0003", 720, 400), ("0007", 720, 400),
  ]

  @Test func debiansVideoBIOSSetsEveryStandardMode() throws {
    var program = GuestProgram(source: "video_gallery")
    program.defines["FOREIGN"] = 1
    var configuration = program.configuration
    configuration.firmware.videoBIOS = HostPath(path: foreignVideoBIOS)
    let guest = try Guest(configuration, disk: try program.assemble())
    var said = ""
    for mode in Self.modes {
      said += "MODE \(mode.number)\n"
      let wanted = said
      for _ in 0..<1000 where !guest.text.contains(wanted) { try guest.run(for: Guest.grid) }
      #expect(guest.text.contains(wanted), "\(mode.number) isn't there")
      try guest.run(for: .milliseconds(100))
      let picture = guest.machine.picture()
      #expect(picture.width == mode.width && picture.height == mode.height, "mode \(mode.number)")
      #expect(Set(picture.pixels).count > 1, "mode \(mode.number) is blank")
      guest.machine.post(.key(.enter, pressed: true))
      guest.machine.post(.key(.enter, pressed: false), at: guest.machine.now + .milliseconds(20))
    }
  }
}
