/* test/test_floors.c: includes point down only. Reads every #include of src/. */
#include "test/file.h"
#include "test/test.h"

#include "base/buf.h"
#include "base/mem.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The floors from the ground up; those on one line stand side by side and may not see each other.
 */
static const char *const floors[][7] = {
    {"base"}, {"call", "rules"}, {"net"}, {"carrier", "provider", "store", "notify", "pay", "auth"},
    {"line"}, {"api"},           {"app"},
};

static int floor_of(struct str folder)
{
    for (size_t floor = 0; floor < countof(floors); floor++)
        for (size_t i = 0; i < countof(floors[0]) && floors[floor][i]; i++)
            if (str_is(folder, floors[floor][i]))
                return (int)floor;
    return -1;
}

/* Whether folder/ may include "included", a path such as net/ws.h. */
static bool may_include(const char *folder, struct str included)
{
    struct str rest = included;
    struct str other = str_cut(&rest, '/');
    int own_floor = floor_of(str_of(folder)), other_floor = floor_of(other);
    if (!rest.bytes || other_floor < 0) /* no folder, or none of src/: tests, sandbox */
        return false;
    return str_is(other, folder) || other_floor < own_floor;
}

static int offences_in(const char *folder, const char *path)
{
    int offences = 0;
    char *text = file_text(path);
    struct str rest = str_of(text);
    while (rest.bytes) {
        struct str line = str_trim(str_cut(&rest, '\n'));
        if (!str_starts(line, "#include \""))
            continue;
        str_cut(&line, '"');
        struct str included = str_cut(&line, '"');
        if (may_include(folder, included))
            continue;
        print_message("%s includes %.*s\n", path, (int)included.bytes, included.at);
        offences++;
    }
    free(text);
    return offences;
}

static int offences_of(const char *folder, int *files)
{
    int offences = 0;
    char *place = xprintf("%s/src/%s", KAREN_SOURCE_ROOT, folder);
    DIR *dir = opendir(place);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        size_t bytes = strlen(entry->d_name);
        if (bytes < 3 || (strcmp(entry->d_name + bytes - 2, ".c") != 0 &&
                          strcmp(entry->d_name + bytes - 2, ".h") != 0))
            continue;
        char *path = xprintf("%s/%s", place, entry->d_name);
        offences += offences_in(folder, path);
        (*files)++;
        free(path);
    }
    if (dir)
        closedir(dir);
    free(place);
    return offences;
}

static void includes_point_down_only(void **state)
{
    (void)state;
    int offences = 0, files = 0;
    for (size_t floor = 0; floor < countof(floors); floor++)
        for (size_t i = 0; i < countof(floors[0]) && floors[floor][i]; i++)
            offences += offences_of(floors[floor][i], &files);
    assert_true(files > 40);
    assert_int_equal(offences, 0);
}

static void a_folder_that_is_no_floor_is_found_out(void **state)
{
    (void)state;
    char *place = xprintf("%s/src", KAREN_SOURCE_ROOT);
    DIR *dir = opendir(place);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.' && entry->d_type == DT_DIR &&
            floor_of(str_of(entry->d_name)) < 0)
            fail_msg("src/%s is on no floor", entry->d_name);
    closedir(dir);
    free(place);
}

static void an_include_that_points_up_is_an_offence(void **state)
{
    (void)state;
    assert_false(may_include("base", str_of("net/ws.h")));
    assert_false(may_include("store", str_of("provider/stt.h")));
    assert_false(may_include("call", str_of("rules/phone.h")));
    assert_false(may_include("api", str_of("test/test.h")));
    assert_false(may_include("api", str_of("calls.h")));
    assert_true(may_include("app", str_of("api/telephony.h")));
    assert_true(may_include("line", str_of("line/ears.h")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(includes_point_down_only),
        cmocka_unit_test(a_folder_that_is_no_floor_is_found_out),
        cmocka_unit_test(an_include_that_points_up_is_an_offence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
