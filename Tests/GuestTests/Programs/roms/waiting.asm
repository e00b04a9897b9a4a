; A program that waits as DOS does: INT 16h asks memory whether there is a key, while the timer ticks into the same
; memory. The flag never comes.
bits 16
org 0xE000
  mov eax,cr0                   ; the 486's cache on
  and eax,0x9FFFFFFF
  mov cr0,eax
  cli
  xor ax,ax
  mov ds,ax
  mov ss,ax
  mov sp,0x7000
  mov word [0x20],irq0
  mov word [0x22],0xF000
  mov word [0x58],int16
  mov word [0x5A],0xF000
  mov word [0x41A],0x1E
  mov word [0x41C],0x1E
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
%macro o 2
  dw %1
  db %2
%endmacro
table:
  o 0x20,0x11
  o 0x21,0x08
  o 0x21,0x04
  o 0x21,0x01
  o 0x21,0xFE
  o 0x43,0x34
  o 0x40,0
  o 0x40,0
  dw 0
