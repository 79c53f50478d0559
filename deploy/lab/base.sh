#!/bin/sh
# Fill a folder with the Debian base of the lab's application images: base.sh FOLDER
set -eu
debootstrap --variant=minbase --include=python3,python3-pip,python3-venv,ca-certificates,curl bookworm "$1"
# Pods trust what this machine trusts and find packages where it does, or they would reach no registry behind a proxy.
cp /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/ca-certificates.crt"
if [ -f /etc/pip.conf ]; then cp /etc/pip.conf "$1/etc/pip.conf"; fi
rm -rf "$1"/var/cache/apt/archives/*.deb "$1"/var/cache/apt/*.bin "$1"/var/lib/apt/lists/* "$1"/var/log/*.log
rm -rf "$1"/usr/share/doc/* "$1"/usr/share/man/* "$1"/usr/share/locale/*
: > "$1/etc/hostname"
rm -f "$1/etc/resolv.conf"
