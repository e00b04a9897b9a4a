; A fault without any interrupt table ends in shutdown.
        %include "cpu_frame.inc"
main:   say     "before"
        call    newline
        lidt    [.none]
        ud2
        say     "never"
        ret
.none   dw      0
        dd      0
