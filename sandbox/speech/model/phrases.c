/* speech/model/phrases.c: a recursive-descent parser to a tree, and a seeded walk through it. */
#include "speech/model/phrases.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    COPIES = 3,       /* of each alternative in a deck, so that repeats like "seven seven" occur */
    DEPTH_MAX = 20,   /* of brackets */
    TIMES_MAX = 5000, /* a template is drawn */
};

struct node {
    enum node_kind { NODE_WORD, NODE_ALL, NODE_ONE, NODE_CLASS } kind;
    const char *word;    /* NODE_WORD, or the name of a NODE_CLASS */
    struct node *class;  /* NODE_CLASS */
    struct node **parts; /* NODE_ALL: one after the other; NODE_ONE: one of them */
    size_t part_count;
    size_t *deck; /* NODE_ONE: which parts come next */
    size_t deck_count;
    size_t dealt;
    struct node *next; /* of all nodes, or of all classes */
};

struct template
{
    struct node *node;
    size_t times;
};

struct phrases {
    struct arena arena;
    struct node *classes; /* newest first */
    struct template *templates;
    size_t template_count;
    struct phrases_sound *sounds;
    size_t sound_count;
    size_t times;
};

struct parser {
    struct phrases *phrases;
    const char *at;
    const char *why; /* NULL while all is well */
    int depth;
};

static void *grow(void *list, size_t count, size_t bytes)
{
    bool full = (count & (count - 1)) == 0; /* 0, 1, 2, 4, 8 ... */
    return full ? xrealloc(list, (count ? count * 2 : 1) * bytes) : list;
}

static struct node *node_new(struct parser *parser, enum node_kind kind)
{
    struct node *node = arena_alloc(&parser->phrases->arena, sizeof *node);
    node->kind = kind;
    return node;
}

static void node_add(struct parser *parser, struct node *node, struct node *part)
{
    struct node **parts =
        arena_alloc(&parser->phrases->arena, (node->part_count + 1) * sizeof *parts);
    if (node->part_count)
        memcpy(parts, node->parts, node->part_count * sizeof *parts);
    parts[node->part_count++] = part;
    node->parts = parts;
}

static struct node *class_find(const struct phrases *phrases, const char *name)
{
    struct node *class = phrases->classes;
    while (class && strcmp(class->word, name) != 0)
        class = class->next;
    return class;
}

static const char *take_word(struct parser *parser)
{
    size_t bytes = strcspn(parser->at, " \t()[]|");
    const char *word = arena_strndup(&parser->phrases->arena, parser->at, bytes);
    parser->at += bytes;
    return word;
}

static struct node *parse_choice(struct parser *parser, char closing);

static struct node *parse_bracket(struct parser *parser)
{
    bool optional = *parser->at++ == '[';
    if (++parser->depth > DEPTH_MAX)
        parser->why = "too many brackets in one another";
    struct node *choice = parser->why ? NULL : parse_choice(parser, optional ? ']' : ')');
    parser->depth--;
    if (!optional || parser->why)
        return choice;
    struct node *either = node_new(parser, NODE_ONE);
    node_add(parser, either, choice);
    node_add(parser, either, node_new(parser, NODE_ALL));
    return either;
}

static struct node *parse_class_use(struct parser *parser)
{
    struct node *node = node_new(parser, NODE_CLASS);
    node->word = take_word(parser);
    node->class = class_find(parser->phrases, node->word);
    if (!node->class)
        parser->why = "a class that does not stand above";
    return node;
}

static struct node *parse_sequence(struct parser *parser)
{
    struct node *all = node_new(parser, NODE_ALL);
    while (!parser->why) {
        parser->at += strspn(parser->at, " \t");
        if (!*parser->at || strchr("|)]", *parser->at))
            break;
        if (*parser->at == '(' || *parser->at == '[') {
            node_add(parser, all, parse_bracket(parser));
        } else if (*parser->at == '$') {
            node_add(parser, all, parse_class_use(parser));
        } else {
            struct node *word = node_new(parser, NODE_WORD);
            word->word = take_word(parser);
            node_add(parser, all, word);
        }
    }
    return all;
}

/* a|b|c up to the closing bracket, or to the end of the line when closing is 0. */
static struct node *parse_choice(struct parser *parser, char closing)
{
    struct node *one = node_new(parser, NODE_ONE);
    node_add(parser, one, parse_sequence(parser));
    while (!parser->why && *parser->at == '|') {
        parser->at++;
        node_add(parser, one, parse_sequence(parser));
    }
    if (!parser->why && *parser->at != closing)
        parser->why = closing ? "a bracket is not closed" : "a bracket is closed that was not open";
    if (*parser->at)
        parser->at++;
    return one;
}

static void parse_class(struct parser *parser)
{
    const char *name = take_word(parser);
    parser->at += strspn(parser->at, " \t");
    if (class_find(parser->phrases, name))
        parser->why = "a class twice";
    else if (*parser->at != '=')
        parser->why = "a class without =";
    if (parser->why)
        return;
    parser->at++;
    struct node *class = parse_choice(parser, 0);
    class->word = name;
    class->next = parser->phrases->classes;
    parser->phrases->classes = class;
}

static void parse_sound(struct parser *parser)
{
    struct phrases *phrases = parser->phrases;
    parser->at++;
    struct phrases_sound sound = {.word = take_word(parser)};
    parser->at += strspn(parser->at, " \t");
    sound.phones = arena_strdup(&phrases->arena, parser->at);
    if (!sound.word[0] || !sound.phones[0])
        parser->why = "a sound without a word or without phones";
    phrases->sounds = grow(phrases->sounds, phrases->sound_count, sizeof sound);
    phrases->sounds[phrases->sound_count++] = sound;
}

static void parse_times(struct parser *parser)
{
    char *end;
    unsigned long times = strtoul(parser->at + 1, &end, 10);
    if (end == parser->at + 1 || *end || times == 0 || times > TIMES_MAX)
        parser->why = "* wants a number";
    parser->phrases->times = times;
}

static void parse_template(struct parser *parser)
{
    struct phrases *phrases = parser->phrases;
    struct template template = {parse_choice(parser, 0), phrases->times};
    phrases->templates = grow(phrases->templates, phrases->template_count, sizeof template);
    phrases->templates[phrases->template_count++] = template;
}

static void parse_line(struct parser *parser)
{
    switch (*parser->at) {
    case 0:
    case '#': break;
    case '$': {
        /* "$A = ..." names a template, "$A ..." is one that starts with a class */
        const char *rest = parser->at + strcspn(parser->at, " \t|");
        rest += strspn(rest, " \t");
        if (*rest == '=')
            parse_class(parser);
        else
            parse_template(parser);
        break;
    }
    case '=': parse_sound(parser); break;
    case '*': parse_times(parser); break;
    default: parse_template(parser); break;
    }
}

int phrases_parse(struct str text, struct phrases **phrases_out, char **why_out)
{
    struct phrases *phrases = xalloc(sizeof *phrases);
    phrases->times = 1;
    struct parser parser = {.phrases = phrases};
    for (int line_number = 1; text.bytes && !parser.why; line_number++) {
        struct str line = str_trim(str_cut(&text, '\n'));
        parser.at = arena_strndup(&phrases->arena, line.at, line.bytes);
        parse_line(&parser);
        if (parser.why)
            *why_out = xprintf("line %d: %s", line_number, parser.why);
    }
    if (parser.why) {
        phrases_free(&phrases);
        return EINVAL;
    }
    *phrases_out = phrases;
    return 0;
}

void phrases_free(struct phrases **phrases)
{
    if (!*phrases)
        return;
    free((*phrases)->templates);
    free((*phrases)->sounds);
    arena_free(&(*phrases)->arena);
    free(*phrases);
    *phrases = NULL;
}

const struct phrases_sound *phrases_sounds(const struct phrases *phrases, size_t *count_out)
{
    *count_out = phrases->sound_count;
    return phrases->sounds;
}

/* splitmix64: small, good enough to shuffle with, and the same on every machine. */
static uint64_t draw(uint64_t *seed)
{
    uint64_t mixed = *seed += 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBu;
    return mixed ^ mixed >> 31;
}

/* The first deck holds each alternative once, so that none is left out; later ones hold COPIES. */
static void shuffle(struct node *one, struct arena *arena, uint64_t *seed)
{
    size_t copies = one->deck ? COPIES : 1;
    if (!one->deck)
        one->deck = arena_alloc(arena, one->part_count * COPIES * sizeof *one->deck);
    one->deck_count = one->part_count * copies;
    for (size_t i = 0; i < one->deck_count; i++) {
        size_t other = (size_t)(draw(seed) % (i + 1));
        one->deck[i] = one->deck[other];
        one->deck[other] = i / copies;
    }
    one->dealt = 0;
}

struct walk {
    struct arena *arena;
    uint64_t seed;
    struct buf sentence;
};

static void walk_node(struct walk *walk, struct node *node)
{
    switch (node->kind) {
    case NODE_WORD:
        if (walk->sentence.bytes)
            buf_putc(&walk->sentence, ' ');
        buf_puts(&walk->sentence, node->word);
        break;
    case NODE_ALL:
        for (size_t i = 0; i < node->part_count; i++)
            walk_node(walk, node->parts[i]);
        break;
    case NODE_ONE:
        if (node->dealt == node->deck_count)
            shuffle(node, walk->arena, &walk->seed);
        walk_node(walk, node->parts[node->deck[node->dealt++]]);
        break;
    case NODE_CLASS: walk_node(walk, node->class); break;
    }
}

void phrases_draw(struct phrases *phrases, uint64_t seed, phrases_fn *on_sentence, void *arg)
{
    struct walk walk = {.arena = &phrases->arena, .seed = seed};
    for (size_t i = 0; i < phrases->template_count; i++) {
        for (size_t time = 0; time < phrases->templates[i].times; time++) {
            buf_clear(&walk.sentence);
            walk_node(&walk, phrases->templates[i].node);
            if (walk.sentence.bytes)
                on_sentence(buf_text(&walk.sentence), arg);
        }
    }
    buf_free(&walk.sentence);
}

static void words_of(const struct node *node, phrases_fn *on_word, void *arg)
{
    if (node->kind == NODE_WORD)
        on_word(node->word, arg);
    for (size_t i = 0; i < node->part_count; i++)
        words_of(node->parts[i], on_word, arg);
}

void phrases_words(const struct phrases *phrases, phrases_fn *on_word, void *arg)
{
    for (const struct node *class = phrases->classes; class; class = class->next)
        words_of(class, on_word, arg);
    for (size_t i = 0; i < phrases->template_count; i++)
        words_of(phrases->templates[i].node, on_word, arg);
}
