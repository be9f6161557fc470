/* test/karen_pauses.c: karen-pauses fit FILE: weights fitted to the labelled pauses, as C.
 * karen-pauses show [LANGUAGE]: what the weights at hand make of those that are held out, and which
 * they miss. */
#include "test/pauses.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME(name) #name,
static const char *const names[] = {COMPLETE_FEATURES(NAME)};
static const char *const codes[] = {"CS", "SK", "EN", "DE"};
static const char *const languages[] = {"cs", "sk", "en", "de", "all"};

static void write_thresholds(FILE *file, const char *name,
                             const unsigned char percent[LANGUAGE_COUNT])
{
    fprintf(file, "    .%s =\n        {\n", name);
    for (int i = 0; i < LANGUAGE_COUNT; i++)
        fprintf(file, "            [LANGUAGE_%s] = %d,\n", codes[i], percent[i]);
    fputs("        },\n", file);
}

static int write_fit(const struct complete_fit *fit, const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file) {
        fprintf(stderr, "karen-pauses: %s: %s\n", path, strerror(errno));
        return 1;
    }
    fputs("/* call/complete_weights.c: fitted to test/data/pauses; karen-pauses fit FILE writes "
          "it. */\n"
          "#include \"call/complete.h\"\n\n"
          "const struct complete_fit complete_fit = {\n",
          file);
    write_thresholds(file, "sure", fit->sure);
    write_thresholds(file, "open", fit->open);
    fputs("    .weights =\n        {\n", file);
    for (int i = 0; i < COMPLETE_FEATURE_COUNT; i++)
        fprintf(file, "            [COMPLETE_%s] = %d,\n", names[i], fit->weights[i]);
    fputs("        },\n};\n", file);
    return fclose(file) ? 1 : 0;
}

static void print_figures(const struct labelled_pauses *pauses, const struct complete_fit *fit)
{
    puts("rows      language  count  ends  cut-in  wait median / p90 / mean ms");
    for (int held_out = 0; held_out < 2; held_out++)
        for (int i = 0; i <= LANGUAGE_COUNT; i++) {
            struct pause_figures f = pauses_figures(pauses, fit, (enum language)i, held_out);
            printf("%-9s %-8s  %5zu %5zu  %4.1f %%  %d / %d / %.0f\n",
                   held_out ? "held out" : "fitted", languages[i], f.rows, f.ends, f.cut_in * 100,
                   f.wait_median_ms, f.wait_p90_ms, f.wait_mean_ms);
        }
}

static void print_missed(const struct labelled_pauses *pauses, const char *language)
{
    for (size_t i = 0; i < pauses->count; i++) {
        const struct pause *pause = &pauses->list[i];
        int percent = complete_of(&complete_fit, pause->features);
        if (strcmp(languages[pause->language], language) != 0 ||
            (pause->end ? percent >= complete_fit.sure[pause->language]
                        : percent < complete_fit.open[pause->language]))
            continue;
        printf("%-8s %-6s %d asked=%d %s %s:", pause->held_out ? "held out" : "fitted",
               pause->end ? "end" : "within", percent, pause->asked, pause->digits ? "digits" : "",
               pause->words);
        for (int j = 0; j < COMPLETE_FEATURE_COUNT; j++)
            if (pause->features >> j & 1)
                printf(" %s", names[j]);
        puts("");
    }
}

int main(int argc, char **argv)
{
    bool fitting = argc == 3 && strcmp(argv[1], "fit") == 0;
    bool showing = (argc == 2 || argc == 3) && strcmp(argv[1], "show") == 0;
    if (!fitting && !showing) {
        fputs("usage: karen-pauses fit FILE | show [LANGUAGE]\n", stderr);
        return 2;
    }
    struct labelled_pauses pauses = pauses_read();
    struct complete_fit fit = fitting ? pauses_fit(&pauses) : complete_fit;
    int failed = fitting ? write_fit(&fit, argv[2]) : 0;
    print_figures(&pauses, &fit);
    if (argc == 3 && showing)
        print_missed(&pauses, argv[2]);
    pauses_free(&pauses);
    return failed;
}
