"""The closed list of what the journal records."""

from enum import StrEnum


class Action(StrEnum):
    """What was done. The names that Aidants Connect's own journal has are kept; the others follow its manner."""

    # people
    CREATE_ORGANISATION = "create_organisation"
    UPDATE_ORGANISATION = "update_organisation"
    INVITE_AIDANT = "invite_aidant"
    ENROL_AIDANT = "enrol_aidant"
    ADD_MEMBERSHIP = "add_membership"
    REMOVE_MEMBERSHIP = "remove_membership"
    DEACTIVATE_AIDANT = "deactivate_aidant"
    CONNECT_AIDANT = "connect_aidant"
    REFUSE_SIGN_IN = "refuse_sign_in"
    SIGN_OUT_EVERYWHERE = "sign_out_everywhere"
    NEW_RECOVERY_CODES = "new_recovery_codes"
    USE_RECOVERY_CODE = "use_recovery_code"
    SWITCH_ORGANISATION = "switch_organisation"
    LINK_CONVERSATION = "link_conversation"
    # mandates
    CREATE_DRAFT = "create_draft"
    CANCEL_DRAFT = "cancel_draft"
    INIT_RENEW_MANDAT = "init_renew_mandat"
    CREATE_ATTESTATION = "create_attestation"
    CREATE_AUTORISATION = "create_autorisation"
    USE_AUTORISATION = "use_autorisation"
    CANCEL_AUTORISATION = "cancel_autorisation"
    CANCEL_MANDAT = "cancel_mandat"
    ATTACH_OFFICIAL_NUMBER = "attach_official_number"
    PRINT_ATTESTATION = "print_attestation"
    # reading and leaving
    CHECK_MANDAT = "check_mandat"
    READ_MANDAT = "read_mandat"
    READ_CONVERSATION = "read_conversation"
    UNMASK_CONVERSATION = "unmask_conversation"
    LIST_CONVERSATIONS = "list_conversations"
    EXPORT_CONVERSATIONS = "export_conversations"
    EXPORT_MANDATS = "export_mandats"
    EXPORT_JOURNAL = "export_journal"
    SEND_REMINDER = "send_reminder"
    REFUSE_ACCESS = "refuse_access"
    # speaking to someone
    ASK_HANDOVER = "ask_handover"
    CLAIM_HANDOVER = "claim_handover"
    CLOSE_HANDOVER = "close_handover"
    # teaching
    CORRECT_TURN = "correct_turn"
    EXPORT_CORRECTIONS = "export_corrections"
    # keeping
    ERASE_USAGER = "erase_usager"
    EXPORT_USAGER = "export_usager"
    PURGE = "purge"
    ROTATE_KEYS = "rotate_keys"
