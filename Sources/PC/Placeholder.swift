import CPNG
import Crypto
import TOMLKit
import CFirmware
