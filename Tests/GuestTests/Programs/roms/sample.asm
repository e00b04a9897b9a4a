; Clocks as a guest counts them: each instruction of the table a thousand times, unrolled in RAM, between two readings of
; the 8254, twice, the second time with everything in the caches; what remains without it is taken off. Results in ticks
; of 1.193182 MHz, a word each, from 0:500h.
; The method is M. Abrash's, Zen of Assembly Language, chapter 3.
bits 16
org 0xE000
CODE equ 0x2000
DATA equ 0x2800
  mov eax,cr0                   ; the 486's cache on
  and eax,0x9FFFFFFF
  mov cr0,eax
  cli
  cld
  xor ax,ax
  mov ss,ax
  mov sp,0x7000
  mov al,0x34                   ; counter 0, mode 2, 65536
  out 0x43,al
  mov al,0
  out 0x40,al
  out 0x40,al
  mov ax,DATA
  mov ds,ax
  xor di,di
clear:
  mov word [di],0
  inc di
  inc di
  cmp di,0x2000
  jb clear
  mov bp,0x500
  mov si,table
each:
  cs lodsw
  cmp ax,-1
  je done
  mov [0x3000],ax               ; AX and CX for the instruction
  cs lodsw
  mov [0x3002],ax
  cs lodsb
  mov dl,al                     ; its length
  mov dh,0
  mov ax,CODE
  mov es,ax
  xor di,di
  mov bx,1000
copy:
  push si
  mov cx,dx
  cs rep movsb
  pop si
  dec bx
  jnz copy
  mov byte [es:di],0xCB         ; RETF
  add si,dx
  push si
  call measure
  call measure
  push ax
  mov byte [es:0],0xCB
  call measure
  call measure
  pop bx
  sub bx,ax
  mov ax,ss
  mov es,ax
  mov [es:bp],bx
  inc bp
  inc bp
  pop si
  jmp each
done:
  mov al,'.'
  out 0xE9,al
  hlt

measure:
  call timer
  mov [0x3004],ax
  mov ax,[0x3000]
  mov cx,[0x3002]
  mov dx,0
  mov bx,0x200
  mov si,0
  call CODE:0
  call timer
  sub ax,[0x3004]
  neg ax
  ret
timer:
  mov al,0
  out 0x43,al
  in al,0x40
  mov ah,al
  in al,0x40
  xchg al,ah
  ret

%macro kernel 3+
  dw %1,%2
  db %%end-%%start
%%start:
  %3
%%end:
%endmacro
table:
  kernel 5,1,nop
  kernel 5,1,mov cx,dx
  kernel 5,1,add ax,[bx]
  kernel 5,1,mov ax,[bx]
  kernel 5,1,mov ax,[bx+si]
  kernel 5,1,cmp ax,[bx]
  kernel 5,1,shl ax,1
  kernel 5,1,shl ax,4
  kernel 5,0x7FFF,mul cx
  kernel 5,2,mul cx
  kernel 5,1,div cx
  kernel 5,1,aam
  kernel 5,1,xchg cx,dx
  kernel 5,1,cwd
  kernel 5,1,cli
  kernel 0,1,xlatb
  kernel 5,1,lodsw
  dw -1
