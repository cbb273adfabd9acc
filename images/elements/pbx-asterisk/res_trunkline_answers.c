/*
 * Answers requests inside a call that no module of Asterisk answers.
 *
 * Asterisk regards a request inside a call as handled if a session supplement is registered for its method.
 * res_pjsip_refer and res_pjsip_rfc3326 are registered for every method, but answer only a few. PJSIP then keeps the
 * transaction of the request, and its dialog, forever: PJSIP has no timer for a request without an answer
 * (RFC 3261, 17.2.2).
 *
 * This module is the last usage of the dialog of each call, so it sees a request after all other modules. If none of
 * them has answered the request or will answer it later, this module sends a final response.
 *
 * SPDX-License-Identifier: GPL-2.0-only
 * Asterisk loads only modules under its own license.
 */
#include "asterisk.h"

#include <pjsip.h>
#include <pjsip_simple.h>
#include <pjsip_ua.h>

#include "asterisk/ast_version.h"
#include "asterisk/module.h"
#include "asterisk/res_pjsip.h"
#include "asterisk/res_pjsip_session.h"

/* The version of PJSIP's headers, in the format of pj_get_version (pjlib/src/pj/config.c). */
#define TEXT_OF(value) #value
#define TEXT(value) TEXT_OF(value)
#if PJ_VERSION_NUM_REV
#define BUILT_WITH_PJSIP \
    TEXT(PJ_VERSION_NUM_MAJOR) "." TEXT(PJ_VERSION_NUM_MINOR) "." TEXT(PJ_VERSION_NUM_REV) PJ_VERSION_NUM_EXTRA
#else
#define BUILT_WITH_PJSIP TEXT(PJ_VERSION_NUM_MAJOR) "." TEXT(PJ_VERSION_NUM_MINOR) PJ_VERSION_NUM_EXTRA
#endif

static int is(const pjsip_method *method, const char *name)
{
    return !pj_strcmp2(&method->name, name);
}

/* Returns whether PJSIP itself handles the method, also after the end of the call. */
static int belongs_to_call(const pjsip_method *method)
{
    return method->id == PJSIP_ACK_METHOD || method->id == PJSIP_BYE_METHOD || method->id == PJSIP_CANCEL_METHOD;
}

/* Returns whether another module answers each request of the method during a call, immediately or later. */
static int has_module(const pjsip_method *method)
{
    return method->id == PJSIP_INVITE_METHOD || method->id == PJSIP_OPTIONS_METHOD || is(method, "PRACK") ||
           is(method, "REFER") || is(method, "UPDATE");
}

/* Adds an Allow header with Asterisk's methods, except for the method that the answer refuses. */
static void add_allow(pjsip_tx_data *answer, const pjsip_dialog *dialog, const pjsip_method *refused)
{
    const pjsip_hdr *all = pjsip_endpt_get_capability(dialog->endpt, PJSIP_H_ALLOW, NULL);
    pjsip_allow_hdr *allow;
    unsigned int kept = 0;
    unsigned int i;

    if (!all) {
        return;
    }
    allow = pjsip_hdr_clone(answer->pool, all);
    for (i = 0; i < allow->count; i++) {
        if (pj_strcmp(&allow->values[i], &refused->name)) {
            allow->values[kept++] = allow->values[i];
        }
    }
    allow->count = kept;
    pjsip_msg_add_hdr(answer->msg, (pjsip_hdr *) allow);
}

/* Adds an Allow-Events header with Asterisk's event packages, if any (RFC 6665, 8.2.2). */
static void add_allow_events(pjsip_tx_data *answer)
{
    const pjsip_allow_events_hdr *known = (const pjsip_allow_events_hdr *) pjsip_evsub_get_allow_events_hdr(NULL);

    if (known && known->count) {
        pjsip_msg_add_hdr(answer->msg, pjsip_hdr_clone(answer->pool, known));
    }
}

static int has_info_package(const pjsip_rx_data *request)
{
    const pj_str_t name = { "Info-Package", 12 };

    return pjsip_msg_find_hdr_by_name(request->msg_info.msg, &name, NULL) != NULL;
}

static int status_for(const pjsip_method *method, const pjsip_rx_data *request, const pjsip_inv_session *call)
{
    if (!call || call->state == PJSIP_INV_STATE_DISCONNECTED) {
        return PJSIP_SC_CALL_TSX_DOES_NOT_EXIST;
    }
    if (is(method, "NOTIFY") || is(method, "SUBSCRIBE") || is(method, "PUBLISH")) {
        return PJSIP_SC_BAD_EVENT;
    }
    if (is(method, "INFO")) {
        return has_info_package(request) ? PJSIP_SC_BAD_INFO_PACKAGE : PJSIP_SC_UNSUPPORTED_MEDIA_TYPE;
    }
    if (is(method, "MESSAGE") || method->id == PJSIP_REGISTER_METHOD) {
        return PJSIP_SC_METHOD_NOT_ALLOWED;
    }
    return PJSIP_SC_NOT_IMPLEMENTED;
}

static void answer(pjsip_transaction *transaction, pjsip_rx_data *request, pjsip_dialog *dialog)
{
    const pjsip_method *method = &transaction->method;
    int status = status_for(method, request, pjsip_dlg_get_inv_session(dialog));
    pjsip_tx_data *response;

    if (pjsip_dlg_create_response(dialog, request, status, NULL, &response) != PJ_SUCCESS) {
        return;
    }
    switch (status) {
    case PJSIP_SC_METHOD_NOT_ALLOWED:
        add_allow(response, dialog, method);
        break;
    case PJSIP_SC_UNSUPPORTED_MEDIA_TYPE:
        /* The types of INFO that res_pjsip_dtmf_info handles. */
        ast_sip_add_header(response, "Accept", "application/dtmf-relay, application/dtmf");
        break;
    case PJSIP_SC_BAD_INFO_PACKAGE:
        /* No package is supported (RFC 6086, 5.2.2). */
        ast_sip_add_header(response, "Recv-Info", "");
        break;
    case PJSIP_SC_BAD_EVENT:
        /* PUBLISH is refused for every event package. */
        if (!is(method, "PUBLISH")) {
            add_allow_events(response);
        }
        break;
    }
    pjsip_dlg_send_response(dialog, transaction, response);
}

/* PJSIP calls this function for each change of a transaction of the dialog, with dialog and transaction locked. */
static void on_tsx_state(pjsip_transaction *transaction, pjsip_event *event)
{
    pjsip_dialog *dialog = pjsip_tsx_get_dlg(transaction);
    const pjsip_inv_session *call;

    if (!dialog || transaction->role != PJSIP_ROLE_UAS || transaction->state != PJSIP_TSX_STATE_TRYING ||
        transaction->status_code >= 200 || event->type != PJSIP_EVENT_TSX_STATE ||
        event->body.tsx_state.type != PJSIP_EVENT_RX_MSG || belongs_to_call(&transaction->method)) {
        return;
    }
    call = pjsip_dlg_get_inv_session(dialog);
    if (call && call->state != PJSIP_INV_STATE_DISCONNECTED && has_module(&transaction->method)) {
        return;
    }
    answer(transaction, event->body.tsx_state.src.rdata, dialog);
}

/* PJSIP calls usages in the order of their priorities. Asterisk's sessions have PJSIP_MOD_PRIORITY_APPLICATION. */
static pjsip_module last_usage = {
    .name = { "Trunkline Answers", 17 },
    .id = -1,
    .priority = PJSIP_MOD_PRIORITY_APPLICATION + 16,
    .on_tsx_state = on_tsx_state,
};

static void on_session_begin(struct ast_sip_session *session)
{
    pjsip_dlg_add_usage(session->inv_session->dlg, &last_usage, NULL);
}

/* The method does not matter when a session begins. Without a method, the supplement would claim every method. */
static struct ast_sip_session_supplement supplement = {
    .method = "INVITE",
    .priority = AST_SIP_SUPPLEMENT_PRIORITY_LAST,
    .session_begin = on_session_begin,
};

static int load_module(void)
{
    /* Asterisk's loader compares the build options of Asterisk, but not those of PJSIP. */
    if (strcmp(pj_get_version(), BUILT_WITH_PJSIP) || strcmp(ast_get_version(), BUILT_WITH_ASTERISK)) {
        ast_log(LOG_ERROR, "built for Asterisk %s, PJSIP %s; found Asterisk %s, PJSIP %s; rebuild the image\n",
            BUILT_WITH_ASTERISK, BUILT_WITH_PJSIP, ast_get_version(), pj_get_version());
        return AST_MODULE_LOAD_DECLINE;
    }
    if (ast_sip_register_service(&last_usage)) {
        return AST_MODULE_LOAD_DECLINE;
    }
    ast_sip_session_register_supplement(&supplement);
    /* Dialogs keep a pointer to this module, so it stays loaded until Asterisk ends. */
    ast_module_shutdown_ref(AST_MODULE_SELF);
    return AST_MODULE_LOAD_SUCCESS;
}

static int unload_module(void)
{
    ast_sip_session_unregister_supplement(&supplement);
    ast_sip_unregister_service(&last_usage);
    return 0;
}

AST_MODULE_INFO(ASTERISK_GPL_KEY, AST_MODFLAG_LOAD_ORDER, "Answers to requests inside a call",
    .support_level = AST_MODULE_SUPPORT_EXTENDED,
    .load = load_module,
    .unload = unload_module,
    .load_pri = AST_MODPRI_APP_DEPEND,
    .requires = "res_pjsip,res_pjsip_session",
);
