/* base/mem.h: memory that cannot fail and memory with a scope. Running out ends the process. */
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define countof(array) (sizeof(array) / sizeof((array)[0]))

void *xalloc(size_t bytes); /* zeroed; the caller frees it with free() */
void *xrealloc(void *memory, size_t bytes);
char *xstrdup(const char *text); /* NULL gives NULL */
char *xstrndup(const char *text, size_t bytes);
char *xprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *xvprintf(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

/* A scope: all that was taken from an arena goes at once. {0} is a valid empty arena. */
struct arena {
    struct arena_block *newest;
    struct arena_end *ends;
};
void *arena_alloc(struct arena *arena, size_t bytes);      /* zeroed, aligned for any type */
char *arena_strdup(struct arena *arena, const char *text); /* NULL gives NULL */
char *arena_strndup(struct arena *arena, const char *text, size_t bytes);
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What lives elsewhere but as long as the arena: fn(arg) runs when it is freed, newest first. */
void arena_on_free(struct arena *arena, void (*fn)(void *arg), void *arg);
void arena_free(struct arena *arena); /* empty again, can be used again */
