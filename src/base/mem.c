/* base/mem.c: allocation that ends the process rather than fail, and arenas. */
#include "base/mem.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BLOCK_BYTES = 4096 };

struct arena_block {
    struct arena_block *older;
    size_t used;
    size_t bytes;
    alignas(max_align_t) char data[];
};

static void out_of_memory(size_t bytes)
{
    fprintf(stderr, "karen: out of memory (%zu bytes wanted)\n", bytes);
    abort();
}

void *xalloc(size_t bytes)
{
    void *memory = calloc(1, bytes ? bytes : 1);
    if (!memory)
        out_of_memory(bytes);
    return memory;
}

void *xrealloc(void *memory, size_t bytes)
{
    memory = realloc(memory, bytes ? bytes : 1);
    if (!memory)
        out_of_memory(bytes);
    return memory;
}

char *xstrdup(const char *text)
{
    return text ? xstrndup(text, strlen(text)) : NULL;
}

char *xstrndup(const char *text, size_t bytes)
{
    char *copy = xalloc(bytes + 1);
    if (bytes) /* text may be NULL then, as in an empty struct str */
        memcpy(copy, text, bytes);
    return copy;
}

char *xvprintf(const char *format, va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        out_of_memory(0);
    return text;
}

char *xprintf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = xvprintf(format, arguments);
    va_end(arguments);
    return text;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    size_t rounded = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct arena_block *block = arena->newest;
    if (!block || block->bytes - block->used < rounded) {
        size_t room = rounded > ARENA_BLOCK_BYTES ? rounded : ARENA_BLOCK_BYTES;
        block = xalloc(sizeof(*block) + room);
        block->bytes = room;
        block->older = arena->newest;
        arena->newest = block;
    }
    void *memory = block->data + block->used;
    block->used += rounded;
    return memory;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return text ? arena_strndup(arena, text, strlen(text)) : NULL;
}

char *arena_strndup(struct arena *arena, const char *text, size_t bytes)
{
    char *copy = arena_alloc(arena, bytes + 1);
    if (bytes)
        memcpy(copy, text, bytes);
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = xvprintf(format, arguments);
    va_end(arguments);
    char *copy = arena_strdup(arena, text);
    free(text);
    return copy;
}

struct arena_end {
    struct arena_end *older;
    void (*fn)(void *arg);
    void *arg;
};

void arena_on_free(struct arena *arena, void (*fn)(void *arg), void *arg)
{
    struct arena_end *end = arena_alloc(arena, sizeof(*end));
    *end = (struct arena_end){arena->ends, fn, arg};
    arena->ends = end;
}

void arena_free(struct arena *arena)
{
    struct arena_end *end;
    while ((end = arena->ends)) {
        arena->ends = end->older;
        end->fn(end->arg);
    }
    while (arena->newest) {
        struct arena_block *block = arena->newest;
        arena->newest = block->older;
        free(block);
    }
}
