; A program that waits as DOS does: INT 16h asks memory whether there is a key, while the timer ticks into the same
; memory. The flag never comes.
%include "rom.inc"
run:
  VECTOR 0x08,irq0
  VECTOR 0x16,int16
  mov word [0x41A],0x1E         ; head and tail of the keyboard's buffer
  mov word [0x41C],0x1E
  sti
wait_key:
  mov ah,1
  int 0x16
  jz wait_key
  hlt
int16:
  sti
  push ds
  push bx
  xor bx,bx
  mov ds,bx
  mov bx,[0x41A]
  cmp bx,[0x41C]
  mov ax,[bx+0x400]
  pop bx
  pop ds
  retf 2
irq0:
  push ax
  inc dword [0x46C]
  mov al,0x20
  out 0x20,al
  pop ax
  iret
ports:
  INTERRUPT_CONTROLLERS 0xFE,0xFF
  TIMER
  END_OF_PORTS
