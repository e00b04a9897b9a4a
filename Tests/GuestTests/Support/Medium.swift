import Foundation
import Hardware
import PC
import Testing

/// A disk that other people made, and a short session with it.
struct Medium: Sendable, CustomTestStringConvertible {
  var file: String
  var drive = FloppyDriveChoice.d1440K
  var megabytes = 8
  var lines: @Sendable () -> [(cue: GuestScript.Cue, deed: GuestScript.Deed)]

  var testDescription: String { file }
  var url: URL? { Places.medium(file) }

  var configuration: MachineConfiguration {
    var configuration = MachineConfiguration()
    configuration.memory.size = MemorySize(megabytes: megabytes)
    configuration.floppy.driveA = drive
    configuration.floppy.driveB = .none
    return configuration
  }

  /// Sessions that touch disk, keyboard, screen and clock.
  static let all = [
    Medium(file: "freedos-minimal-144/fdboot144.img") {
      [
        (.prompt("A:\\>"), .type("dir >x.txt\n")), (.prompt("A:\\>"), .type("type x.txt\n")),
        (.prompt("A:\\>"), .nothing),
      ]
    },
    Medium(file: "freedos-720-clean/freedos720.img", drive: .d720K) { [(.wait(.seconds(20)), .nothing)] },
    Medium(file: "freedos-fdstd144/fdstd144.img") { [(.wait(.seconds(15)), .type("y"))] },
    Medium(file: "msdos-multitasking-4.0/mtdos1.img", drive: .d360K, megabytes: 1) {
      [(.wait(.seconds(15)), .nothing)]
    },
    Medium(file: "msdos-multitasking-4.0/mtdos2.img", drive: .d360K, megabytes: 1) {
      [(.wait(.seconds(8)), .press([.enter])), (.wait(.seconds(3)), .nothing)]
    },
    Medium(file: "boote-linux-2.4.20/boote.img", megabytes: 16) {
      [(.wait(.seconds(10)), .press([.enter])), (.wait(.seconds(10)), .nothing)]
    },
  ]
}
