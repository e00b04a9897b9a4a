; VGA in a 70 Hz text mode's timing, then: a delay loop between two readings of the timer; a wait for 11932 ticks of it;
; 35 retraces; 1000 refresh bits. A byte on port E9h before and behind each.
%include "rom.inc"
run:
  mov bp,2
again:
  call timer
  mov bx,ax
  mov cx,10000
delay:
  loop delay
  call timer
  sub bx,ax
  mov [0x500],bx
  dec bp
  jnz again
  mov al,'a'
  out 0xE9,al
  call timer
  mov bx,ax
ticks:
  call timer
  neg ax
  add ax,bx
  cmp ax,11932
  jb ticks
  mov al,'b'
  out 0xE9,al
  mov dx,0x3DA
  mov cx,35
  call edge
  mov al,'c'
  out 0xE9,al
retrace:
  call edge
  loop retrace
  mov al,'d'
  out 0xE9,al
  mov cx,1000
  in al,0x61
  and al,0x10
  mov ah,al
bit:
  in al,0x61
  and al,0x10
  cmp al,ah
  je bit
  mov ah,al
  loop bit
  mov al,'e'
  out 0xE9,al
  hlt
edge:
  in al,dx
  test al,8
  jnz edge
high:
  in al,dx
  test al,8
  jz high
  ret
timer:
  mov al,0
  out 0x43,al
  in al,0x40
  mov ah,al
  in al,0x40
  xchg al,ah
  ret
ports:
  TIMER
  PORT 0x43,0x54                ; timer 1, which asks for refresh
  PORT 0x41,18
  TEXT_TIMING
  END_OF_PORTS
