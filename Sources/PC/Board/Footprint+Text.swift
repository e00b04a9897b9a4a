public import Hardware

extension Footprint {
  /// What a device occupies, in words: "ports 20-21", "IRQ 6", "DMA 2", "memory A0000-BFFFF".
  public var occupies: [String] {
    items.compactMap { item in
      switch item {
      case .ports(let ports, _): ports.count == 1 ? "port \(hex(ports.lowerBound))" : "ports \(range(ports))"
      case .memory(let range, _): "memory \(self.range(range))"
      case .interrupt(let number, _): "IRQ \(number)"
      case .dma(let channel, _): "DMA \(channel)"
      case .line, .alarm, .part: nil
      }
    }
  }

  private func hex(_ number: some BinaryInteger) -> String { String(number, radix: 16, uppercase: true) }
  private func range(_ range: ClosedRange<some BinaryInteger>) -> String {
    hex(range.lowerBound) + "-" + hex(range.upperBound)
  }
}
