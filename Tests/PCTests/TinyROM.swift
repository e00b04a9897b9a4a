import Hardware
import PC

/// System ROMs of a few bytes, to test a machine without a BIOS. Code is at F000:E000, data at F000:F000.
struct TinyROM {
  private var bytes = [UInt8](repeating: 0xFF, count: 65_536)

  init(_ code: [UInt8], data: [UInt8] = []) {
    bytes.replaceSubrange(0xE000..<0xE000 + code.count, with: code)
    bytes.replaceSubrange(0xF000..<0xF000 + data.count, with: data)
    bytes.replaceSubrange(0xFFF0..<0xFFF5, with: [0xEA, 0x00, 0xE0, 0x00, 0xF0])  // jmp F000:E000
  }

  /// Says a text on port E9h, then stops for ever.
  static func saying(_ text: String) -> TinyROM { TinyROM(say + halt, data: Array(text.utf8) + [0]) }

  /// Writes "Shutdown" to port 8900h.
  static var poweringOff: TinyROM {
    TinyROM(
      [
        0xBA, 0x00, 0x89,  // mov dx,8900h
        0xBE, 0x00, 0xF0,  // mov si,F000h
        0x2E, 0xAC, 0x84, 0xC0, 0x74, 0x03, 0xEE, 0xEB, 0xF7,  // l: cs lodsb / test al,al / jz e / out dx,al / jmp l
      ] + halt, data: Array("Shutdown".utf8) + [0])
  }

  /// Says "!" and makes a triple fault: an interrupt with an empty interrupt table.
  static var faulting: TinyROM {
    TinyROM(say + [0x2E, 0x0F, 0x01, 0x1E, 0x10, 0xF0, 0xCC], data: Array("!".utf8) + [UInt8](repeating: 0, count: 21))
  }

  /// Enables the keyboard and says every byte that comes from it.
  static var echoingKeyboard: TinyROM {
    TinyROM([
      0xB0, 0xAE, 0xE6, 0x64,  // mov al,AEh / out 64h,al
      0xE4, 0x64, 0xA8, 0x01, 0x74, 0xFA,  // l: in al,64h / test al,1 / jz l
      0xE4, 0x60, 0xE6, 0xE9, 0xEB, 0xF4,  // in al,60h / out E9h,al / jmp l
    ])
  }

  private static let say: [UInt8] = [
    0xBE, 0x00, 0xF0,  // mov si,F000h
    0x2E, 0xAC, 0x84, 0xC0, 0x74, 0x04, 0xE6, 0xE9, 0xEB, 0xF6,  // l: cs lodsb / test al,al / jz e / out E9h,al / jmp l
  ]
  private static let halt: [UInt8] = [0xFA, 0xF4, 0xEB, 0xFD]  // cli / h: hlt / jmp h

  /// A machine with this ROM and what it says on port E9h.
  func machine(_ change: (inout MachineConfiguration) -> Void = { _ in }) throws -> (machine: Machine, said: Said) {
    var configuration = MachineConfiguration()
    configuration.memory.size = MemorySize(megabytes: 1)
    change(&configuration)
    let machine = try Machine(configuration, roms: Motherboard.ROMs(system: bytes, video: []))
    let said = Said()
    machine.onDebugByte = { said.bytes.append($0) }
    return (machine, said)
  }
}

/// What a machine has said on port E9h.
final class Said {
  var bytes: [UInt8] = []
  var text: String { String(decoding: bytes, as: UTF8.self) }
}
