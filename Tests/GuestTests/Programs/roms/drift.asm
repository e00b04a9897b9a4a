; Counts timer ticks at 500h and clock updates at 504h, in a VGA text mode's timing, and halts between them.
%include "rom.inc"
run:
  VECTOR 0x08,irq0
  VECTOR 0x70,irq8
  sti
idle:
  hlt
  jmp idle
irq0:
  inc dword [0x500]
  mov al,0x20
  out 0x20,al
  iret
irq8:
  inc dword [0x504]
  mov al,0x0C
  out 0x70,al
  in al,0x71
  mov al,0x20
  out 0xA0,al
  out 0x20,al
  iret
ports:
  INTERRUPT_CONTROLLERS 0xFA,0xFE
  TIMER
  TEXT_TIMING
  PORT 0x70,0x0B                ; an interrupt every update
  PORT 0x71,0x12
  END_OF_PORTS
