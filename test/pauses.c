/* test/pauses.c: reads labelled pauses, fits weights to them, tells how well they do. */
#include "test/pauses.h"

#include "base/hash.h"
#include "base/mem.h"
#include "test/file.h"

#include <math.h>
#include <stdlib.h>

enum {
    HELD_OUT_EVERY = 5,
    NEWTON_STEPS = 12,
    SURE_PERCENT_MIN = 50, /* thresholds below are not even looked at */
};
static const double penalty = 1, cut_in_max = 0.025; /* less than the goal: the test is stricter */

/* Reading. */

static bool is_held_out(const struct buf *normalised)
{
    uint8_t hash[SHA256_BYTES];
    sha256(buf_str(normalised), hash);
    return hash[0] % HELD_OUT_EVERY == 0;
}

static int index_of(struct str word, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (str_is(word, names[i]))
            return i;
    fprintf(stderr, "pauses: no such label: %.*s\n", (int)word.bytes, word.at);
    abort();
}

static struct pause read_pause(enum language language, struct str row, struct buf *scratch)
{
    static const char *const asked[ASKED_COUNT] = {"nothing", "open", "yes_no", "name", "number"};
    static const char *const kinds[] = {"within", "end"};
    struct pause pause = {.language = language};
    pause.asked = (enum words_asked)index_of(str_cut(&row, '\t'), asked, ASKED_COUNT);
    pause.end = index_of(str_cut(&row, '\t'), kinds, 2);
    pause.words = xstrndup(row.at, row.bytes);
    words_normalise(row, scratch);
    pause.held_out = is_held_out(scratch);
    pause.features = complete_features(language, pause.asked, row, buf_str(scratch), &pause.digits);
    return pause;
}

static void read_language(struct labelled_pauses *pauses, enum language language,
                          struct buf *scratch)
{
    static const char codes[LANGUAGE_COUNT][3] = {"cs", "sk", "en", "de"};
    char *path = xprintf("%s/test/data/pauses/%s.tsv", KAREN_SOURCE_ROOT, codes[language]);
    char *text = file_text(path);
    struct str rest = str_of(text);
    str_cut(&rest, '\n'); /* the heads of the columns */
    while (rest.bytes) {
        size_t bytes = (pauses->count + 1) * sizeof *pauses->list;
        pauses->list = xrealloc(pauses->list, bytes);
        pauses->list[pauses->count++] = read_pause(language, str_cut(&rest, '\n'), scratch);
    }
    free(text);
    free(path);
}

struct labelled_pauses pauses_read(void)
{
    struct labelled_pauses pauses = {0};
    struct buf scratch = {0};
    for (int i = 0; i < LANGUAGE_COUNT; i++)
        read_language(&pauses, (enum language)i, &scratch);
    buf_free(&scratch);
    return pauses;
}

void pauses_free(struct labelled_pauses *pauses)
{
    for (size_t i = 0; i < pauses->count; i++)
        free(pauses->list[i].words);
    free(pauses->list);
    *pauses = (struct labelled_pauses){0};
}

/* Fitting. */

enum { N = COMPLETE_FEATURE_COUNT };
struct system {
    double a[N][N], b[N];
};

static double chance(const double weights[N], uint64_t features)
{
    double sum = 0;
    for (int i = 0; i < N; i++)
        if (features >> i & 1)
            sum += weights[i];
    return 1 / (1 + exp(-sum));
}

static void add_pause(struct system *system, const struct pause *pause, double p)
{
    for (int i = 0; i < N; i++) {
        if (!(pause->features >> i & 1))
            continue;
        system->b[i] += pause->end - p;
        for (int j = 0; j < N; j++)
            if (pause->features >> j & 1)
                system->a[i][j] += p * (1 - p);
    }
}

static void add_penalty(struct system *system, const double weights[N])
{
    for (int i = 0; i < N; i++) {
        double share = i == COMPLETE_ALWAYS ? penalty / 100 : penalty;
        system->a[i][i] += share;
        system->b[i] -= share * weights[i];
    }
}

/* b becomes the solution. The matrix is positive definite, so no pivot is nought. */
static void solve(struct system *system)
{
    for (int i = 0; i < N; i++)
        for (int k = i + 1; k < N; k++) {
            double factor = system->a[k][i] / system->a[i][i];
            for (int j = i; j < N; j++)
                system->a[k][j] -= factor * system->a[i][j];
            system->b[k] -= factor * system->b[i];
        }
    for (int i = N; i-- > 0;) {
        for (int j = i + 1; j < N; j++)
            system->b[i] -= system->a[i][j] * system->b[j];
        system->b[i] /= system->a[i][i];
    }
}

static void newton_step(const struct labelled_pauses *pauses, double weights[N])
{
    struct system *system = xalloc(sizeof *system);
    for (size_t i = 0; i < pauses->count; i++)
        if (!pauses->list[i].held_out)
            add_pause(system, &pauses->list[i], chance(weights, pauses->list[i].features));
    add_penalty(system, weights);
    solve(system);
    for (int i = 0; i < N; i++)
        weights[i] += system->b[i];
    free(system);
}

static void choose_thresholds(const struct labelled_pauses *pauses, enum language language,
                              struct complete_fit *fit)
{
    struct complete_fit tried = *fit;
    double least = 2 * EOT_DIGITS_MS;
    for (int open = SURE_PERCENT_MIN; open <= 100; open++)
        for (int sure = open; sure <= 100; sure++) {
            tried.open[language] = (unsigned char)open;
            tried.sure[language] = (unsigned char)sure;
            struct pause_figures figures = pauses_figures(pauses, &tried, language, false);
            double cost = figures.wait_mean_ms + figures.wait_median_ms;
            if (figures.cut_in > cut_in_max || cost >= least)
                continue;
            least = cost;
            fit->open[language] = tried.open[language];
            fit->sure[language] = tried.sure[language];
        }
}

struct complete_fit pauses_fit(const struct labelled_pauses *pauses)
{
    struct complete_fit fit = {0};
    double weights[N] = {0};
    for (int i = 0; i < NEWTON_STEPS; i++)
        newton_step(pauses, weights);
    for (int i = 0; i < N; i++)
        fit.weights[i] = (short)lround(weights[i] * 100);
    for (int i = 0; i < LANGUAGE_COUNT; i++)
        choose_thresholds(pauses, (enum language)i, &fit);
    return fit;
}

/* What comes of it. */

static int compare_ints(const void *one, const void *other)
{
    return *(const int *)one - *(const int *)other;
}

static double share_longer_than(int64_t ms)
{
    if (ms <= PAUSE_MS_MIN)
        return 1;
    return ms >= PAUSE_MS_MAX ? 0 : (double)(PAUSE_MS_MAX - ms) / (PAUSE_MS_MAX - PAUSE_MS_MIN);
}

struct pause_figures pauses_figures(const struct labelled_pauses *pauses,
                                    const struct complete_fit *fit, enum language language,
                                    bool held_out)
{
    struct pause_figures figures = {0};
    int *waits = xalloc(pauses->count * sizeof *waits);
    for (size_t i = 0; i < pauses->count; i++) {
        const struct pause *pause = &pauses->list[i];
        if (pause->held_out != held_out ||
            (language != LANGUAGE_COUNT && pause->language != language))
            continue;
        int wait = (int)complete_wait_ms(fit, pause->language, complete_of(fit, pause->features),
                                         pause->digits);
        figures.rows++;
        if (pause->end) {
            waits[figures.ends++] = wait;
            figures.wait_mean_ms += wait;
        } else {
            figures.cut_in += share_longer_than(wait);
        }
    }
    qsort(waits, figures.ends, sizeof *waits, compare_ints);
    if (figures.ends) {
        figures.wait_median_ms = waits[figures.ends / 2];
        figures.wait_p90_ms = waits[figures.ends * 9 / 10];
        figures.wait_mean_ms /= (double)figures.ends;
    }
    if (figures.rows > figures.ends)
        figures.cut_in /= (double)(figures.rows - figures.ends);
    free(waits);
    return figures;
}
