import Hardware

extension MC146818 {
  /// Date and time registers.
  enum Field {
    static let second = 0x00
    static let minute = 0x02
    static let hour = 0x04
    static let weekday = 0x06
    static let day = 0x07
    static let month = 0x08
    static let year = 0x09
    /// Memory by convention, not counted by the chip.
    static let century = 0x32
  }

  /// Sets the clock, in the format that register B asks for; the century in BCD as the AT's firmware keeps it.
  public mutating func setDate(_ date: RTCDate) {
    memory[Field.second] = encode(date.second)
    memory[Field.minute] = encode(date.minute)
    memory[Field.hour] = encodeHour(date.hour)
    memory[Field.weekday] = encode(date.weekday)
    memory[Field.day] = encode(date.day)
    memory[Field.month] = encode(date.month)
    memory[Field.year] = encode(date.year % 100)
    memory[Field.century] = UInt8(truncatingIfNeeded: (date.year / 1000) << 4 | date.year / 100 % 10)
  }

  // MARK: Helpers

  private func encode(_ n: Int) -> UInt8 {
    b.binary ? UInt8(truncatingIfNeeded: n) : UInt8(truncatingIfNeeded: (n / 10) << 4 | n % 10)
  }

  private func decode(_ value: UInt8) -> Int {
    b.binary ? Int(value) : Int(value >> 4) &* 10 &+ Int(value & 15)
  }

  /// In 12-hour format bit 7 is PM, and midnight and noon are 12.
  private func encodeHour(_ hour: Int) -> UInt8 {
    if b.hours24 { return encode(hour) }
    return encode((hour + 11) % 12 + 1) | (hour >= 12 ? 0x80 : 0)
  }

  private func decodeHour(_ value: UInt8) -> Int {
    if b.hours24 { return decode(value) }
    return decode(value & 0x7F) % 12 + (value & 0x80 != 0 ? 12 : 0)
  }

  /// One second passes. Values out of range (undefined in the chip) wrap like the last valid one.
  mutating func count() {
    if !step(Field.second, first: 0, last: 59) { return }
    if !step(Field.minute, first: 0, last: 59) { return }
    let hour = decodeHour(memory[Field.hour])
    if b.daylightSaving, changeOfClock(hour) { return }
    memory[Field.hour] = encodeHour(hour >= 23 ? 0 : hour + 1)
    if hour < 23 { return }
    hourRepeated = false
    _ = step(Field.weekday, first: 1, last: 7)
    if !step(Field.day, first: 1, last: lastDay) { return }
    if !step(Field.month, first: 1, last: 12) { return }
    _ = step(Field.year, first: 0, last: 99)
  }

  /// Counts one register up; true when it wraps.
  private mutating func step(_ register: Int, first: Int, last: Int) -> Bool {
    let value = decode(memory[register])
    let wraps = value >= last
    memory[register] = encode(wraps ? first : value + 1)
    return wraps
  }

  private var lastDay: Int {
    switch decode(memory[Field.month]) {
    // The chip takes every fourth year as a leap year.
    case 2: decode(memory[Field.year]) % 4 == 0 ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// "On the last Sunday in April the time increments from 1:59:59 AM to 3:00:00 AM. On the last Sunday in October when
  /// the time first reaches 1:59:59 AM it changes to 1:00:00 AM."
  private mutating func changeOfClock(_ hour: Int) -> Bool {
    guard hour == 1, decode(memory[Field.weekday]) == 1 else { return false }
    let day = decode(memory[Field.day])
    switch decode(memory[Field.month]) {
    case 4 where day > 23:
      memory[Field.hour] = encodeHour(3)
      return true
    case 10 where day > 24 && !hourRepeated:
      hourRepeated = true
      memory[Field.hour] = encodeHour(1)
      return true
    default: return false
    }
  }
}
