/* rules/reader.h: JSON of people or of the database read strictly: the first thing that is wrong is
 * kept with its place, and after that nothing more is read. Over base/json.h. */
#pragma once
#include "base/json.h"
#include "base/mem.h"

enum { READER_FIELD_BYTES = 64 };

struct reader_fault {
    char field[READER_FIELD_BYTES]; /* a JSON pointer, "/when/times/0/from" */
    const char *message;            /* static; NULL: nothing is wrong */
};
struct reader {
    struct json json;
    struct arena *arena; /* of the texts */
    struct reader_fault fault;
};
struct texts { /* in the arena */
    const char *const *list;
    size_t count;
};

void reader_object(struct reader *reader, const char *message, const char *format, ...)
    __attribute__((format(printf, 3, 4))); /* field */
bool reader_ok(const struct reader *reader);
/* All was read and nothing was wrong. */
bool reader_done(struct reader *reader);

/* NULL: it is no text, or one with U+0000 or bad UTF-8. */
const char *reader_text(struct reader *reader);

typedef const char *code_fn(int value);                  /* of 0 to count - 1 */
int code_of(const char *text, code_fn *code, int count); /* -1: none of them; NULL is none */
int reader_code(struct reader *reader, code_fn *code, int count, const char *field);
/* A list of codes, one bit each; null is an empty one. */
unsigned reader_codes(struct reader *reader, code_fn *code, int count, const char *field);

typedef const char *objection_fn(const char *text); /* NULL: it will do */
/* A list of texts; null is an empty one. */
struct texts reader_texts(struct reader *reader, size_t max, objection_fn *objection,
                          const char *field);
