/* test/test_mem.c: memory with a scope. */
#include "base/mem.h"
#include "test/test.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

static void copies_are_their_own(void **state)
{
    (void)state;
    char text[] = "abcdef";
    char *whole = xstrdup(text), *part = xstrndup(text, 3), *none = xstrndup(NULL, 0);
    char *printed = xprintf("%s-%d", text, 7);
    text[0] = 'X';
    assert_string_equal(whole, "abcdef");
    assert_string_equal(part, "abc");
    assert_string_equal(none, "");
    assert_string_equal(printed, "abcdef-7");
    assert_null(xstrdup(NULL));
    free(whole);
    free(part);
    free(none);
    free(printed);
}

static void arena_gives_zeroed_aligned_memory_of_any_size(void **state)
{
    (void)state;
    struct arena arena = {0};
    static const size_t sizes[] = {0, 1, 7, 8, 15, 16, 17, 100, 4095, 4096, 4097, 100000};
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < countof(sizes); i++) {
            unsigned char *memory = arena_alloc(&arena, sizes[i]);
            assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
            for (size_t at = 0; at < sizes[i]; at++)
                assert_int_equal(memory[at], 0);
            memset(memory, 0xA5, sizes[i]); /* would show in a neighbour that overlaps */
        }
    }
    arena_free(&arena);
    assert_null(arena.newest);
    assert_non_null(arena_alloc(&arena, 10));
    arena_free(&arena);
    arena_free(&arena);
}

static void count_end(void *arg)
{
    (*(int *)arg)++;
}

static void what_lives_as_long_as_an_arena_ends_with_it_once(void **state)
{
    (void)state;
    struct arena arena = {0};
    int ends = 0;
    arena_on_free(&arena, count_end, &ends);
    arena_on_free(&arena, count_end, &ends);
    arena_free(&arena);
    assert_int_equal(ends, 2);
    arena_alloc(&arena, 10);
    arena_free(&arena);
    assert_int_equal(ends, 2);
}

static void arena_copies_text(void **state)
{
    (void)state;
    struct arena arena = {0};
    assert_string_equal(arena_strdup(&arena, "abc"), "abc");
    assert_string_equal(arena_strndup(&arena, "abc", 2), "ab");
    assert_string_equal(arena_strndup(&arena, NULL, 0), "");
    assert_string_equal(arena_printf(&arena, "%05d", 42), "00042");
    assert_null(arena_strdup(&arena, NULL));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_are_their_own),
        cmocka_unit_test(arena_gives_zeroed_aligned_memory_of_any_size),
        cmocka_unit_test(what_lives_as_long_as_an_arena_ends_with_it_once),
        cmocka_unit_test(arena_copies_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
