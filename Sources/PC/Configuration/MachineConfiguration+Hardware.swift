extension MachineConfiguration {
  /// Keys of parts that a state is tied to: with another part it can't be loaded.
  private static let hardware = [
    "cpu.", "memory.", "firmware.", "video.", "sound.", "disk.", "floppy.drive-", "cdrom.drive",
  ]

  /// Places of hard disks. Where the image lies is no part of the machine; a state looks at what is on it.
  private static let disks = ["disk.hda", "disk.hdb", "disk.hdc", "disk.hdd"]

  /// Names of the keys in which the machines' parts differ.
  public func hardwareDifferences(from other: MachineConfiguration) -> [String] {
    ConfigurationKey.all.filter { key in
      let (here, there) = (key.get(self), key.get(other))
      if Self.disks.contains(key.name) { return (here == "none") != (there == "none") }
      return Self.hardware.contains { key.name.hasPrefix($0) } && here != there
    }.map(\.name)
  }
}
