/* api/operations.h: every operation of the contract and its handler, one row each, sorted. A
 * handler includes this, a new one adds its row: operationId, function. */
#pragma once
#include "api/request.h"

/* clang-format off */
#define OPERATIONS(row) \
    row(acceptInvite, api_accept_invite) \
    row(acceptMyInvite, api_accept_my_invite) \
    row(cancelNumberOrder, api_cancel_number_order) \
    row(cancelRehearsal, api_cancel_rehearsal) \
    row(changeCall, api_change_call) \
    row(changeCalls, api_change_calls) \
    row(changeContact, api_change_contact) \
    row(changeMe, api_change_me) \
    row(changeMember, api_change_member) \
    row(changeNumber, api_change_number) \
    row(changeRule, api_change_rule) \
    row(changeRuleSettings, api_change_rule_settings) \
    row(changeTenant, api_change_tenant) \
    row(checkForwarding, api_check_forwarding) \
    row(closeTenant, api_close_tenant) \
    row(countCalls, api_count_calls) \
    row(declineMyInvite, api_decline_my_invite) \
    row(deleteCall, api_delete_call) \
    row(deleteContact, api_delete_contact) \
    row(endMyOtherSessions, api_end_my_other_sessions) \
    row(endMySession, api_end_my_session) \
    row(eraseCaller, api_erase_caller) \
    row(exportCalls, api_export_calls) \
    row(fetchExport, api_fetch_export) \
    row(getAnalytics, api_get_analytics) \
    row(getCall, api_get_call) \
    row(getContact, api_get_contact) \
    row(getExport, api_get_export) \
    row(getForwardingCheck, api_get_forwarding_check) \
    row(getForwardingCodes, api_get_forwarding_codes) \
    row(getGreeting, api_get_greeting) \
    row(getInstallation, api_get_installation) \
    row(getMe, api_get_me) \
    row(getNumberOrder, api_get_number_order) \
    row(getOrder, api_get_order) \
    row(getRehearsal, api_get_rehearsal) \
    row(getRule, api_get_rule) \
    row(getRuleSettings, api_get_rule_settings) \
    row(getTenant, api_get_tenant) \
    row(getTextVersion, api_get_text_version) \
    row(giveOrder, api_give_order) \
    row(invite, api_invite) \
    row(leaveTenant, api_leave_tenant) \
    row(listApiKeys, api_list_keys) \
    row(listAudit, api_list_audit) \
    row(listAvailableNumbers, api_list_available_numbers) \
    row(listCalls, api_list_calls) \
    row(listContacts, api_list_contacts) \
    row(listExports, api_list_exports) \
    row(listForwardingChecks, api_list_forwarding_checks) \
    row(listInvites, api_list_invites) \
    row(listMembers, api_list_members) \
    row(listMyInvites, api_list_my_invites) \
    row(listMySessions, api_list_my_sessions) \
    row(listMyTenants, api_list_my_tenants) \
    row(listNumberOrders, api_list_number_orders) \
    row(listNumbers, api_list_numbers) \
    row(listRehearsals, api_list_rehearsals) \
    row(listRules, api_list_rules) \
    row(listTextVersions, api_list_text_versions) \
    row(listVoices, api_list_voices) \
    row(logout, api_logout) \
    row(makeApiKey, api_make_key) \
    row(makeContact, api_make_contact) \
    row(makeExport, api_make_export) \
    row(makeRehearsal, api_make_rehearsal) \
    row(makeRule, api_make_rule) \
    row(makeTenant, api_make_tenant) \
    row(operatorCancelNumberOrder, api_operator_cancel_number_order) \
    row(operatorChangePlan, api_operator_change_plan) \
    row(operatorChangeTenant, api_operator_change_tenant) \
    row(operatorGetTenant, api_operator_get_tenant) \
    row(operatorListErasures, api_operator_list_erasures) \
    row(operatorListJobs, api_operator_list_jobs) \
    row(operatorListLiveCalls, api_operator_list_live_calls) \
    row(operatorListLog, api_operator_list_log) \
    row(operatorListNumberOrders, api_operator_list_number_orders) \
    row(operatorListNumberPapers, api_operator_list_number_papers) \
    row(operatorListNumbers, api_operator_list_numbers) \
    row(operatorListPlans, api_operator_list_plans) \
    row(operatorListTenants, api_operator_list_tenants) \
    row(operatorOrderNumber, api_operator_order_number) \
    row(operatorOverview, api_operator_overview) \
    row(operatorReleaseNumber, api_operator_release_number) \
    row(operatorResumeTenant, api_operator_resume) \
    row(operatorRetryJob, api_operator_retry_job) \
    row(operatorSetNumberPapers, api_operator_set_number_papers) \
    row(operatorSuspendTenant, api_operator_suspend) \
    row(orderNumber, api_order_number) \
    row(orderRules, api_order_rules) \
    row(previewVoice, api_preview_voice) \
    row(refreshSession, api_refresh) \
    row(releaseNumber, api_release_number) \
    row(removeMember, api_remove_member) \
    row(removeRule, api_remove_rule) \
    row(resendInvite, api_resend_invite) \
    row(restoreCall, api_restore_call) \
    row(restoreTenant, api_restore_tenant) \
    row(restoreTextVersion, api_restore_text_version) \
    row(revokeApiKey, api_revoke_key) \
    row(sendCode, api_send_code) \
    row(showInvite, api_show_invite) \
    row(switchTenant, api_switch_tenant) \
    row(testRules, api_test_rules) \
    row(verifyCode, api_verify_code) \
    row(watchLive, api_watch_live) \
    row(withdrawInvite, api_withdraw_invite)
/* clang-format on */

#define OPERATION_DECLARED(id, handler) operation_fn handler;
OPERATIONS(OPERATION_DECLARED)

/* NULL: there is none. */
operation_fn *operation_handler(const char *operation_id);
/* The operationId of each handler, to see that none is without its operation; NULL at the end. */
const char *operation_handler_name(size_t index);
