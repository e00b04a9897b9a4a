// SDL's main macro would rename ours, and its intrinsics headers drag a compiler module into every importer.
#define SDL_MAIN_HANDLED
#define SDL_DISABLE_MMINTRIN_H
#define SDL_DISABLE_XMMINTRIN_H
#define SDL_DISABLE_EMMINTRIN_H
#define SDL_DISABLE_PMMINTRIN_H
#define SDL_DISABLE_IMMINTRIN_H
#include <SDL2/SDL.h>
