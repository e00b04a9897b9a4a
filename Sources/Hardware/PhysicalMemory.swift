/// The physical address space: RAM, ROM with shadow RAM under it, memory of devices, and nothing.
///
/// Addresses pass the A20 gate first. RAM fills 0 ..< ramSize except where a ROM or a device lies over it. What nobody
/// answers reads 0xFF and swallows writes.
public final class PhysicalMemory: Wiring {
  /// Bytes per page of the map.
  public static let pageSize: UInt32 = 4096

  /// What answers in one 4 KB page.
  enum Page {
    case ram
    case rom(UnsafeMutablePointer<UInt8>, shadow: Shadow)
    case device(Int)
    case nothing
  }

  /// How a chipset lets a ROM page be replaced by the RAM that lies under it.
  public struct Shadow: Equatable, Sendable {
    /// Reads come from the shadow RAM instead of the ROM.
    public var readRAM = false
    /// Writes go to the shadow RAM instead of nowhere.
    public var writeRAM = false
    /// A plain ROM: reads ROM, writes nowhere.
    public static let rom = Shadow()
    /// Copying in: reads ROM, writes RAM.
    public static let copying = Shadow(readRAM: false, writeRAM: true)
    /// Shadowed and protected: reads RAM, writes nowhere.
    public static let shadowed = Shadow(readRAM: true, writeRAM: false)
    /// Plain RAM.
    public static let ram = Shadow(readRAM: true, writeRAM: true)
    /// The two gates.
    public init(readRAM: Bool = false, writeRAM: Bool = false) {
      self.readRAM = readRAM
      self.writeRAM = writeRAM
    }
  }

  /// Bytes of RAM, a multiple of 64 KB.
  public let ramSize: Int
  /// RAM itself. Valid for the life of this object.
  public let ram: UnsafeMutablePointer<UInt8>
  /// One byte per RAM page, non-zero where the processor holds decoded code: a write there must be reported.
  public let codePages: UnsafeMutablePointer<UInt8>
  /// Told of a write (by DMA or a slow path) to a page marked in `codePages`: (physical address, bytes).
  public var onCodeWrite: ((UInt32, Int) -> Void)?
  /// Told that the map or the A20 gate changed: cached translations are void.
  public var onMapChange: (() -> Void)?

  /// Counts writes that didn't go through the processor's own translations: by DMA, and slow ones of the processor.
  public private(set) var foreignWrites = 0

  /// All address bits while A20 is open, all but bit 20 while it is closed.
  public private(set) var addressMask: UInt32 = 0xFFFF_FFFF

  /// ROM contents, each a run of whole pages.
  private var roms: [UnsafeMutablePointer<UInt8>] = []
  private var claims = BusClaims()
  /// Pages 0 ..< 256 (the first megabyte), where everything but RAM lies on a PC.
  private var low: [Page]
  /// Pages elsewhere that aren't RAM.
  private var high: [UInt32: Page] = [:]

  /// A space with `ramSize` bytes of RAM (rounded up to 64 KB; at most 3 GB) and nothing else.
  public init(ramSize: Int) {
    let size = min(max((ramSize + 0xFFFF) & ~0xFFFF, 0x1_0000), 3 << 30)
    self.ramSize = size
    ram = .allocate(capacity: size + 16)
    ram.initialize(repeating: 0, count: size + 16)
    codePages = .allocate(capacity: size >> 12 + 1)
    codePages.initialize(repeating: 0, count: size >> 12 + 1)
    low = (0..<256).map { $0 << 12 < size ? .ram : .nothing }
  }

  deinit {
    ram.deallocate()
    codePages.deallocate()
    for rom in roms { rom.deallocate() }
    claims.deallocate()
  }

  // MARK: Map

  /// Opens or closes the A20 gate.
  public func setA20(open: Bool) {
    let mask: UInt32 = open ? 0xFFFF_FFFF : 0xFFEF_FFFF
    guard mask != addressMask else { return }
    addressMask = mask
    foreignWrites &+= 1
    onMapChange?()
  }

  private func page(_ address: UInt32) -> Page {
    let number = address >> 12
    if number < 256 { return low[Int(number)] }
    if let page = high[number] { return page }
    return Int(address) < ramSize ? .ram : .nothing
  }

  private func setPage(_ address: UInt32, _ page: Page) {
    foreignWrites &+= 1
    let number = address >> 12
    if number < 256 { low[Int(number)] = page } else { high[number] = page }
  }

  private func name(of page: Page) -> String? {
    switch page {
    case .rom: "a ROM"
    case .device(let index): claims.name(index)
    case .ram, .nothing: nil
    }
  }

  /// Puts a ROM at `address` (a page boundary); `bytes` are padded with 0xFF to whole pages.
  ///
  /// - Throws: `BackplaneError.conflict` if a ROM or a device is there already.
  public func mapROM(_ bytes: [UInt8], at address: UInt32, name: String) throws(BackplaneError) {
    let pages = (bytes.count + 4095) / 4096
    for i in 0..<UInt32(pages) {
      if let other = self.name(of: page(address &+ i << 12)) {
        throw .conflict("memory 0x\(String(address &+ i << 12, radix: 16))", name, other)
      }
    }
    let rom = UnsafeMutablePointer<UInt8>.allocate(capacity: pages * 4096)
    rom.initialize(repeating: 0xFF, count: pages * 4096)
    for (i, byte) in bytes.enumerated() { rom[i] = byte }
    roms.append(rom)
    for i in 0..<pages { setPage(address &+ UInt32(i) << 12, .rom(rom + i * 4096, shadow: .rom)) }
    onMapChange?()
  }

  /// Sets the shadow gates of the ROM pages in `range`; pages without a ROM are left alone.
  public func setShadow(_ range: ClosedRange<UInt32>, _ shadow: Shadow) {
    for number in range.lowerBound >> 12...range.upperBound >> 12 {
      if case .rom(let rom, _) = page(number << 12) { setPage(number << 12, .rom(rom, shadow: shadow)) }
    }
    onMapChange?()
  }

  /// Gives `range` (whole pages) to `device`.
  func claim(_ range: ClosedRange<UInt32>, _ device: any Device, name: String, block: Int) throws(BackplaneError) {
    for number in range.lowerBound >> 12...range.upperBound >> 12 {
      if let other = self.name(of: page(number << 12)) {
        throw .conflict("memory 0x\(String(number << 12, radix: 16))", name, other)
      }
    }
    guard let index = claims.add(device, name: name, first: range.lowerBound, block: block) else {
      throw .conflict("physical memory", name, "\(BusClaims.capacity) other devices")
    }
    for number in range.lowerBound >> 12...range.upperBound >> 12 { setPage(number << 12, .device(index)) }
    onMapChange?()
  }

  // MARK: Direct access

  /// The host address of the 4 KB page that answers **reads** at `address` (after the A20 gate), nil if a device or
  /// nothing answers. For translation caches; void after `onMapChange`.
  public func readablePage(_ address: UInt32) -> UnsafeMutablePointer<UInt8>? {
    let a = address & addressMask & ~0xFFF
    switch page(a) {
    case .ram: return ram + Int(a)
    case .rom(let rom, let shadow): return shadow.readRAM && Int(a) < ramSize ? ram + Int(a) : rom
    case .device, .nothing: return nil
    }
  }

  /// The host address of the 4 KB page that takes **writes** at `address`, nil if that isn't plain RAM.
  public func writablePage(_ address: UInt32) -> UnsafeMutablePointer<UInt8>? {
    let a = address & addressMask & ~0xFFF
    if case .ram = page(a) { return ram + Int(a) }
    if case .rom(_, let shadow) = page(a), shadow.writeRAM, shadow.readRAM, Int(a) < ramSize { return ram + Int(a) }
    return nil
  }

  /// The device that answers in the page at `address` (after the A20 gate) as a number for `readDevice` and
  /// `writeDevice`, with the page's address; nil if RAM, a ROM or nothing answers. Void after `onMapChange`.
  public func device(at address: UInt32) -> (index: Int, page: UInt32)? {
    let a = address & addressMask
    if case .device(let index) = page(a) { return (index, a & ~0xFFF) }
    return nil
  }

  /// Reads `size` (1, 2 or 4) bytes at `address`, all in one page of device `index`.
  public func readDevice(_ index: Int, _ address: UInt32, size: Int) -> UInt32 {
    let claim = claims.claims[index]
    return claim.slot._withUnsafeGuaranteedRef { $0.readMemory(claim.block, address &- claim.first, size) }
  }

  /// Writes `size` (1, 2 or 4) bytes at `address`, all in one page of device `index`.
  public func writeDevice(_ index: Int, _ address: UInt32, size: Int, _ value: UInt32) {
    let claim = claims.claims[index]
    claim.slot._withUnsafeGuaranteedRef { $0.writeMemory(claim.block, address &- claim.first, size, value) }
  }

  // MARK: Access

  /// Reads a byte.
  public func read8(_ address: UInt32) -> UInt8 {
    let a = address & addressMask
    switch page(a) {
    case .ram: return ram[Int(a)]
    case .rom(let rom, let shadow):
      return shadow.readRAM && Int(a) < ramSize ? ram[Int(a)] : rom[Int(a & 0xFFF)]
    case .device(let index):
      return UInt8(truncatingIfNeeded: readDevice(index, a, size: 1))
    case .nothing: return 0xFF
    }
  }

  /// Writes a byte.
  public func write8(_ address: UInt32, _ value: UInt8) {
    foreignWrites &+= 1
    let a = address & addressMask
    switch page(a) {
    case .ram: writeRAM(a, value)
    case .rom(_, let shadow): if shadow.writeRAM, Int(a) < ramSize { writeRAM(a, value) }
    case .device(let index):
      writeDevice(index, a, size: 1, UInt32(value))
    case .nothing: break
    }
  }

  private func writeRAM(_ a: UInt32, _ value: UInt8) {
    ram[Int(a)] = value
    if codePages[Int(a >> 12)] != 0 { onCodeWrite?(a, 1) }
  }

  /// Reads `size` (1, 2 or 4) bytes, little-endian. A device that claims all of them sees one access.
  public func read(_ address: UInt32, size: Int) -> UInt32 {
    if size == 1 { return UInt32(read8(address)) }
    let a = address & addressMask
    if a & 0xFFF <= 0x1000 - UInt32(size) {
      switch page(a) {
      case .ram:
        return size == 2
          ? UInt32(UnsafeRawPointer(ram + Int(a)).loadUnaligned(as: UInt16.self).littleEndian)
          : UnsafeRawPointer(ram + Int(a)).loadUnaligned(as: UInt32.self).littleEndian
      case .device(let index):
        return readDevice(index, a, size: size)
      default: break
      }
    }
    var value: UInt32 = 0
    for i in 0..<UInt32(size) { value |= UInt32(read8(address &+ i)) << (8 &* i) }
    return value
  }

  /// Writes the low `size` (1, 2 or 4) bytes of `value`, little-endian.
  public func write(_ address: UInt32, size: Int, _ value: UInt32) {
    if size == 1 { return write8(address, UInt8(truncatingIfNeeded: value)) }
    let a = address & addressMask
    if a & 0xFFF <= 0x1000 - UInt32(size), case .device(let index) = page(a) {
      return writeDevice(index, a, size: size, value)
    }
    for i in 0..<UInt32(size) { write8(address &+ i, UInt8(truncatingIfNeeded: value >> (8 &* i))) }
  }
}
