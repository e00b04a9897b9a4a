extension MachineConfiguration {
  /// Keys of parts that a state is tied to: with another part it can't be loaded.
  private static let hardware = [
    "cpu.", "memory.", "firmware.", "video.", "sound.", "disk.", "floppy.drive-", "cdrom.drive",
  ]

  /// Names of the keys in which the machines' parts differ.
  public func hardwareDifferences(from other: MachineConfiguration) -> [String] {
    ConfigurationKey.all.filter { key in
      Self.hardware.contains { key.name.hasPrefix($0) } && key.get(self) != key.get(other)
    }.map(\.name)
  }
}
