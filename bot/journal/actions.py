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
    EXPORT_MANDATS = "export_mandats"
    SEND_REMINDER = "send_reminder"
    REFUSE_ACCESS = "refuse_access"
    # keeping
    ERASE_USAGER = "erase_usager"
    PURGE = "purge"
    ROTATE_KEYS = "rotate_keys"
