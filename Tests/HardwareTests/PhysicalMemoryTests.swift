import Hardware
import Testing

struct PhysicalMemoryTests {
  @Test("RAM keeps bytes, words and dwords in little-endian order, across page ends too")
  func ram() {
    let memory = PhysicalMemory(ramSize: 1 << 20)
    memory.write(0x1FFE, size: 4, 0x1234_5678)
    #expect(memory.read8(0x1FFE) == 0x78)
    #expect(memory.read8(0x2001) == 0x12)
    #expect(memory.read(0x1FFE, size: 4) == 0x1234_5678)
    #expect(memory.read(0x1FFF, size: 2) == 0x3456)
    #expect(memory.read(0x2000, size: 2) == 0x1234)
  }

  @Test("RAM is rounded up to 64 KB and at least that")
  func sizes() {
    #expect(PhysicalMemory(ramSize: 0).ramSize == 0x1_0000)
    #expect(PhysicalMemory(ramSize: 0x1_0001).ramSize == 0x2_0000)
  }

  @Test("What nobody answers reads FFh and swallows writes")
  func unmapped() {
    let memory = PhysicalMemory(ramSize: 1 << 20)
    for address: UInt32 in [0x10_0000, 0x7FFF_FFFF, 0xFFFF_FFFE] {
      memory.write(address, size: 4, 0)
      #expect(memory.read(address, size: 2) == 0xFFFF)
      #expect(memory.readablePage(address) == nil)
      #expect(memory.writablePage(address) == nil)
    }
    // The last page of RAM and the first of nothing in one access.
    memory.write(0xF_FFFE, size: 4, 0x0403_0201)
    #expect(memory.read(0xF_FFFE, size: 4) == 0xFFFF_0201)
  }

  @Test("With the A20 gate closed bit 20 of every address is 0")
  func a20() {
    let memory = PhysicalMemory(ramSize: 4 << 20)
    memory.write8(0x00_0000, 0x11)
    memory.write8(0x10_0000, 0x22)
    memory.write8(0x30_0000, 0x33)
    memory.write8(0x20_0000, 0x44)
    var changes = 0
    memory.onMapChange = { changes += 1 }
    memory.setA20(open: false)
    memory.setA20(open: false)
    #expect(changes == 1)
    #expect(memory.read8(0x10_0000) == 0x11)
    #expect(memory.read8(0x30_0000) == 0x44)
    #expect(memory.readablePage(0x10_0000) == memory.ram)
    memory.write8(0x10_0001, 0x55)
    memory.setA20(open: true)
    #expect(memory.read8(1) == 0x55)
    #expect(memory.read8(0x10_0000) == 0x22)
    #expect(memory.addressMask == 0xFFFF_FFFF)
  }

  @Test("A dword across FFFFFh with A20 closed wraps to address 0")
  func a20Wrap() {
    let memory = PhysicalMemory(ramSize: 2 << 20)
    memory.setA20(open: false)
    memory.write(0xF_FFFE, size: 4, 0xAABB_CCDD)
    #expect(memory.read8(0) == 0xBB)
    #expect(memory.read8(1) == 0xAA)
    #expect(memory.read(0xF_FFFE, size: 4) == 0xAABB_CCDD)
  }

  @Test("A ROM is read-only and padded with FFh to whole pages")
  func rom() throws {
    let memory = PhysicalMemory(ramSize: 1 << 20)
    memory.write8(0xF_0000, 0x99)
    try memory.mapROM([1, 2, 3, 4, 5], at: 0xF_0000, name: "bios")
    memory.write(0xF_0000, size: 4, 0)
    #expect(memory.read(0xF_0000, size: 4) == 0x0403_0201)
    #expect(memory.read8(0xF_0004) == 5)
    #expect(memory.read8(0xF_0FFF) == 0xFF)
    #expect(memory.readablePage(0xF_0000)?.pointee == 1)
    #expect(memory.writablePage(0xF_0000) == nil)
    // The RAM under it is untouched.
    #expect(memory.ram[0xF_0000] == 0x99)
  }

  @Test("Shadow gates choose between ROM and the RAM under it, for reads and writes apart")
  func shadow() throws {
    let memory = PhysicalMemory(ramSize: 1 << 20)
    try memory.mapROM([UInt8](repeating: 7, count: 0x2000), at: 0xC_0000, name: "video")
    memory.setShadow(0xC_0000...0xC_1FFF, .copying)
    for address in UInt32(0xC_0000)..<0xC_2000 { memory.write8(address, memory.read8(address) + 1) }
    #expect(memory.read8(0xC_0000) == 7)
    #expect(memory.writablePage(0xC_0000) == nil)
    memory.setShadow(0xC_0000...0xC_1FFF, .shadowed)
    #expect(memory.read8(0xC_0000) == 8)
    memory.write8(0xC_0000, 0)
    #expect(memory.read8(0xC_0000) == 8)
    #expect(memory.readablePage(0xC_1000) == memory.ram + 0xC_1000)
    memory.setShadow(0xC_1000...0xC_1FFF, .ram)
    memory.write8(0xC_1000, 0)
    #expect(memory.read8(0xC_1000) == 0)
    #expect(memory.writablePage(0xC_1234) == memory.ram + 0xC_1000)
    memory.setShadow(0xC_0000...0xC_1FFF, .rom)
    #expect(memory.read8(0xC_0000) == 7)
    // Pages without a ROM are left alone.
    memory.setShadow(0...0xFFF, .rom)
    memory.write8(0, 1)
    #expect(memory.read8(0) == 1)
  }

  @Test("A ROM above RAM has nothing to be shadowed by")
  func highROM() throws {
    let memory = PhysicalMemory(ramSize: 1 << 20)
    try memory.mapROM([UInt8](repeating: 0xEA, count: 0x1_0000), at: 0xFFFF_0000, name: "bios")
    #expect(memory.read8(0xFFFF_FFF0) == 0xEA)
    memory.setShadow(0xFFFF_0000...0xFFFF_FFFF, .ram)
    memory.write8(0xFFFF_FFF0, 1)
    #expect(memory.read8(0xFFFF_FFF0) == 0xEA)
    #expect(memory.readablePage(0xFFFF_FFF0)?.pointee == 0xEA)
    #expect(memory.writablePage(0xFFFF_FFF0) == nil)
  }

  @Test("Device pages get offsets from the block's start, wide where they lie within a page")
  func device() throws {
    let backplane = Backplane(ramSize: 1 << 20)
    let gadget = Gadget("video") { _ in [.memory(0xA_0000...0xB_FFFF, block: 3)] }
    try backplane.attach(gadget)
    let memory = backplane.memory
    #expect(memory.read8(0xA_0010) == 0x11)
    #expect(memory.read(0xA_0FFC, size: 4) == 0x00FF_FEFD)
    memory.write(0xA_0FFF, size: 2, 0x0201)
    #expect(gadget.state.log == ["m3:4095=1", "m3:4096=2"])
    #expect(memory.readablePage(0xA_0000) == nil)
    #expect(memory.writablePage(0xB_8000) == nil)
    // RAM before it is plain.
    memory.write(0x9_FFFE, size: 4, 0x0807_0605)
    #expect(memory.ram[0x9_FFFF] == 6)
    #expect(gadget.state.log.suffix(2) == ["m3:0=7", "m3:1=8"])
  }

  @Test("Memory conflicts name the address and both sides")
  func conflicts() throws {
    let backplane = Backplane(ramSize: 1 << 20)
    try backplane.attach(Gadget("a") { _ in [.memory(0xA_0000...0xA_FFFF, block: 0)] })
    #expect(throws: BackplaneError.conflict("memory 0xa8000", "b", "a")) {
      try backplane.attach(Gadget("b") { _ in [.memory(0xA_8000...0xB_7FFF, block: 0)] })
    }
    #expect(throws: BackplaneError.conflict("memory 0xaf000", "rom", "a")) {
      try backplane.memory.mapROM([UInt8](repeating: 0, count: 0x2000), at: 0xA_F000, name: "rom")
    }
    try backplane.memory.mapROM([0], at: 0xC_0000, name: "rom")
    #expect(throws: BackplaneError.conflict("memory 0xc0000", "c", "a ROM")) {
      try backplane.attach(Gadget("c") { _ in [.memory(0xC_0000...0xC_0FFF, block: 0)] })
    }
  }

  @Test("Writes to pages marked as code are reported, others aren't")
  func codePages() {
    let memory = PhysicalMemory(ramSize: 1 << 20)
    var seen: [UInt32] = []
    memory.onCodeWrite = { address, _ in seen.append(address) }
    memory.codePages[2] = 1
    memory.write(0x1FFE, size: 4, 0)
    memory.write8(0x5000, 0)
    #expect(seen == [0x2000, 0x2001])
  }
}
