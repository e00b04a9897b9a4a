bits 16
org 0xE000
; VGA in a 70 Hz text mode's timing, then: a delay loop between two readings of the timer; a wait for 11932 ticks of it;
; 35 retraces; 1000 refresh bits. A byte on port E9h before and behind each.
  mov eax,cr0                   ; the 486's cache on
  and eax,0x9FFFFFFF
  mov cr0,eax
  cli
  xor ax,ax
  mov ds,ax
  mov ss,ax
  mov sp,0x7000
  mov si,table
next:
  cs lodsw
  test ax,ax
  jz run
  xchg ax,dx
  cs lodsb
  out dx,al
  jmp next
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
%macro o 2
  dw %1
  db %2
%endmacro
table:
  o 0x43,0x34
  o 0x40,0
  o 0x40,0
  o 0x43,0x54
  o 0x41,18
  o 0x3C2,0x67
  o 0x3C4,0
  o 0x3C5,3
  o 0x3C4,1
  o 0x3C5,0
  o 0x3D4,0x11
  o 0x3D5,0x0E
  o 0x3D4,0
  o 0x3D5,0x5F
  o 0x3D4,1
  o 0x3D5,0x4F
  o 0x3D4,6
  o 0x3D5,0xBF
  o 0x3D4,7
  o 0x3D5,0x1F
  o 0x3D4,9
  o 0x3D5,0x4F
  o 0x3D4,0x10
  o 0x3D5,0x9C
  o 0x3D4,0x12
  o 0x3D5,0x8F
  dw 0
