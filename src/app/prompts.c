/* app/prompts.c: prompt files read and kept. */
#include "app/prompts.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum prompt_file { CONVERSATION, SCREENING, PHRASES, REHEARSAL, FILE_COUNT };
static const char *const file_names[FILE_COUNT] = {"conversation.md", "screening.md",
                                                   "phrases.json", "rehearsal.json"};
static const char *const languages[] = {"en", "cs", "sk", "de"}; /* the first is the fall-back */

struct prompts {
    struct arena arena;
    const char *texts[countof(languages)][FILE_COUNT];
    struct scenarios scenarios[countof(languages)];
};

static int read_file(struct arena *arena, const char *path, const char **text_out, struct buf *why)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        buf_printf(why, "%s: %s; set PROMPTS_DIR to the folder of the prompts", path,
                   strerror(errno));
        return ENOENT;
    }
    char *text = xalloc(PROMPT_BYTES_MAX + 1);
    size_t bytes = fread(text, 1, PROMPT_BYTES_MAX + 1, file);
    fclose(file);
    int err = 0;
    if (bytes == 0 || bytes > PROMPT_BYTES_MAX || !utf8_valid((struct str){text, bytes})) {
        buf_printf(why, "%s must be UTF-8 text of 1 to %d bytes", path, (int)PROMPT_BYTES_MAX);
        err = EINVAL;
    } else {
        *text_out = arena_strndup(arena, text, bytes);
    }
    free(text);
    return err;
}

static int load_language(struct prompts *prompts, const char *directory, size_t language,
                         struct buf *why)
{
    struct reader_fault fault;
    int err = 0;
    for (size_t f = 0; f < FILE_COUNT && !err; f++) {
        char *path = xprintf("%s/%s/%s", directory, languages[language], file_names[f]);
        err = read_file(&prompts->arena, path, &prompts->texts[language][f], why);
        free(path);
    }
    if (!err)
        err = scenarios_read(str_of(prompts->texts[language][REHEARSAL]), &prompts->arena,
                             &prompts->scenarios[language], &fault);
    if (err == EINVAL && !why->bytes)
        buf_printf(why, "%s/%s/%s: %s %s", directory, languages[language], file_names[REHEARSAL],
                   fault.field, fault.message);
    return err;
}

int prompts_load(const char *directory, struct prompts **prompts_out, struct buf *why)
{
    struct prompts *prompts = xalloc(sizeof(*prompts));
    int err = 0;
    for (size_t l = 0; l < countof(languages) && !err; l++)
        err = load_language(prompts, directory, l, why);
    if (err)
        prompts_free(&prompts);
    else
        *prompts_out = prompts;
    return err;
}

void prompts_free(struct prompts **prompts)
{
    if (!*prompts)
        return;
    arena_free(&(*prompts)->arena);
    free(*prompts);
    *prompts = NULL;
}

static size_t find_language(const char *language)
{
    for (size_t l = 0; l < countof(languages); l++)
        if (strcmp(languages[l], language) == 0)
            return l;
    return 0;
}

const char *prompts_conversation(const struct prompts *prompts, const char *language)
{
    return prompts->texts[find_language(language)][CONVERSATION];
}

const char *prompts_screening(const struct prompts *prompts, const char *language)
{
    return prompts->texts[find_language(language)][SCREENING];
}

const char *prompts_phrases(const struct prompts *prompts, const char *language)
{
    return prompts->texts[find_language(language)][PHRASES];
}

const struct scenarios *prompts_scenarios(const struct prompts *prompts, const char *language)
{
    return &prompts->scenarios[find_language(language)];
}
